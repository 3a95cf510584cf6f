"""The fenced blocks of pages: each program in one is run by a test, or says beside it why not.

    <!-- run by: tests/browser/test_docs.py::test_the_snippet_of_the_page_hears_itself -->
    <!-- not run: needs Docker -->

stand before the block that they are of. What has neither is run by `tests/e2e/docs/test_pages.py`, one block of a page
after the other.
"""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from tools.tree import ROOT, files

RUN = {"sh", "python", "js"}
"""Languages of programs that the test runs."""

SHOWN = {"text", "json", "http", "yaml"}
"""Languages of what is no program: output, data, drawings."""

_BLOCK = re.compile(
    r"(?:<!-- (?P<marker>[^\n]*?) -->\s+)?(?P<fence>^ *```)(?P<language>[^\n]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_MARKER = re.compile(r"(not run|run by): (\S.*)")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


class Snippet(NamedTuple):
    """A fenced block.

    Attributes:
        line: Of the page, where the block begins.
        marker: The comment right before it; empty if there is none.
        is_next: Whether nothing stands between it and the block before.
    """

    page: str
    line: int
    language: str
    text: str
    marker: str
    is_next: bool

    @property
    def is_run(self) -> bool:
        """Whether the pages' own test is the one to run it."""
        return self.language in RUN and not _MARKER.fullmatch(self.marker)


def of(page: Path, root: Path = ROOT) -> list[Snippet]:
    """Return the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(root).as_posix()
    made: list[Snippet] = []
    end = 0
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("fence")) + 1
        is_next = bool(made) and not text[end : found.start()].strip()
        made.append(Snippet(name, line, found["language"], dedent(found["text"]), found["marker"] or "", is_next))
        end = found.end()
    return made


def pages(root: Path = ROOT) -> list[Path]:
    """Return all pages of the repository."""
    return files(root, "*.md")


def problems(root: Path = ROOT) -> list[str]:
    """Return each block that is neither shown, nor run, nor says why not."""
    return [
        f"{snippet.page}:{snippet.line} {problem}"
        for page in pages(root)
        for snippet in of(page, root)
        if (problem := _problem(snippet, root))
    ]


def _problem(snippet: Snippet, root: Path) -> str:
    marker = _MARKER.fullmatch(snippet.marker)
    if not snippet.language:
        return "the block names no language"
    if marker is None:
        is_known = snippet.language in RUN | SHOWN
        return "" if is_known else f"nothing runs {snippet.language} here; say why, or which test does"
    if snippet.language in SHOWN:
        return "what is only shown needs no reason"
    named = _TEST.fullmatch(marker[2])
    if marker[1] == "run by" and not (named and _is_defined(root / named[1], named[2])):
        return f"there is no test {marker[2]}"
    return ""


def _is_defined(path: Path, test: str) -> bool:
    return (
        path.is_file()
        and re.search(rf"^(?:async )?def {test}\(", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    )
