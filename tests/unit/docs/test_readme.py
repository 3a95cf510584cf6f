"""The picture that the README begins with has straight edges."""

from itertools import groupby
from pathlib import Path

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def is_of_a_box(line: str) -> bool:
    return line[:1] in set("┌│├└") and line[-1:] in set("┐│┤┘")


def test_lines_of_a_box_end_in_one_column() -> None:
    boxes = [list(lines) for of_a_box, lines in groupby(README.splitlines(), is_of_a_box) if of_a_box]
    assert len(boxes) == 2
    for box in boxes:
        assert len(set(map(len, box))) == 1, "\n".join(box)
