"""Programs in pages are run, or say why not."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools import snippets

BLOCK = "```{language}\nsomething\n```\n"


def page(write: Write, text: str) -> None:
    write("docs/page.md", text)


def test_what_is_shown_and_what_is_run_needs_no_word(repository: Path, write: Write) -> None:
    page(write, "".join(BLOCK.format(language=language) for language in ("sh", "text", "python", "json")))
    assert snippets.problems(repository) == []


def test_a_block_names_its_language(repository: Path, write: Write) -> None:
    page(write, "One:\n\n" + BLOCK.format(language=""))
    assert snippets.problems(repository) == ["docs/page.md:3 the block names no language"]


def test_what_cannot_be_run_here_says_so(repository: Path, write: Write) -> None:
    page(write, BLOCK.format(language="go"))
    (problem,) = snippets.problems(repository)
    assert "nothing runs go here" in problem
    page(write, "<!-- not run: there is no compiler -->\n" + BLOCK.format(language="go"))
    assert snippets.problems(repository) == []


def test_a_reason_without_words_is_none(repository: Path, write: Write) -> None:
    page(write, "<!-- not run: -->\n" + BLOCK.format(language="go"))
    assert len(snippets.problems(repository)) == 1


def test_a_test_that_is_named_is_there(repository: Path, write: Write) -> None:
    page(write, "<!-- run by: tests/e2e/test_page.py::test_it -->\n" + BLOCK.format(language="js"))
    assert len(snippets.problems(repository)) == 1
    write("tests/e2e/test_page.py", "def test_it() -> None: ...\n")
    assert snippets.problems(repository) == []


def test_only_what_has_no_word_is_run_by_the_pages_test(repository: Path, write: Write) -> None:
    page(write, BLOCK.format(language="sh") + "<!-- not run: takes an hour -->\n" + BLOCK.format(language="sh"))
    assert [each.is_run for each in snippets.of(repository / "docs/page.md", repository)] == [True, False]


def test_output_is_next_to_its_program(repository: Path, write: Write) -> None:
    page(
        write,
        BLOCK.format(language="sh") + "\n" + BLOCK.format(language="text") + "Words\n" + BLOCK.format(language="text"),
    )
    assert [each.is_next for each in snippets.of(repository / "docs/page.md", repository)] == [False, True, False]
