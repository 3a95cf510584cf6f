"""The size budget."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.size_budget import FUNCTIONS, Sized, functions, over, problems


def test_a_small_tree_is_within_the_budget(repository: Path, write: Write) -> None:
    write("small.py", "def answer() -> int:\n    return 42\n")
    assert problems(repository) == []


def test_a_file_over_the_largest_size_is_named(repository: Path, write: Write) -> None:
    for number in range(20):
        write(f"small{number}.py", "x = 1\n")
    write("large.py", "x = 1\n" * 501)
    assert problems(repository) == ["large.py has 501 lines"]


def test_generated_and_ignored_files_do_not_count(repository: Path, write: Write) -> None:
    write(".gitignore", "/ignored.py\n")
    write("api/link_pb2.py", "x = 1\n" * 2000)
    write("ignored.py", "x = 1\n" * 2000)
    assert problems(repository) == []


def test_a_method_counts_from_its_def_to_its_last_line() -> None:
    source = "class A:\n    @property\n    def x(self) -> int:\n        y = 1\n        return y\n"
    assert list(functions("a.py", source)) == [Sized("a.py:3 x", 3)]


def test_the_median_and_the_ninetieth_percentile_have_budgets_of_their_own() -> None:
    found = over(FUNCTIONS, [Sized(f"f{number}", 31) for number in range(10)])
    assert found == ["half of the functions have 31 lines or more", "a tenth of the functions have 31 lines or more"]


def test_one_long_thing_in_ten_is_within_the_ninetieth_percentile() -> None:
    things = [Sized("short", 5)] * 9 + [Sized("long", 60)]
    assert over(FUNCTIONS, things) == []
