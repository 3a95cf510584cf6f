"""Charts: stacked columns as numbers for a drawing, worked out on the server. Each has a table of the same figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 8.0, 12.0, 28.0
MOST_SERIES = 6
"""Colours that can be told apart; what is smaller than the largest of them goes together."""

MOST_LABELS = 8
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Block:
    """One series' part of a column; `series` counts from 1."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the scale or a label below it, at `at`."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, and the figures that it is drawn of.

    Attributes:
        values: Of each label, by series.
    """

    labels: Sequence[str]
    series: Sequence[str]
    values: Sequence[Sequence[int]]
    blocks: Sequence[Block]
    scale: Sequence[Mark]
    below: Sequence[Mark]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM

    @property
    def total(self) -> int:
        """The sum of all figures."""
        return sum(map(sum, self.values))


def columns(labels: Sequence[str], figures: Mapping[str, Sequence[int]]) -> Chart:
    """Return a chart with a column for each label.

    Args:
        labels: What stands below the columns, from left to right.
        figures: Of each series, a figure for each label; none below 0.
    """
    named = _largest(figures, len(labels))
    series = [name for name, _ in named]
    values = [[each[place] for _, each in named] for place in range(len(labels))]
    top = _top(max((sum(column) for column in values), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    blocks = [
        block
        for place, column in enumerate(values)
        for block in _column(labels[place], series, column, place, step, top)
    ]
    every = math.ceil(len(labels) / MOST_LABELS) or 1
    below = [Mark(LEFT + (place + 0.5) * step, labels[place]) for place in range(0, len(labels), every)]
    scale = [Mark(_y(top * part / 4, top), short(top * part / 4)) for part in range(5)]
    return Chart(labels, series, values, blocks, scale, below)


def short(value: float) -> str:
    """Return a number in few letters: 1200 is 1.2 k."""
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {letter}"
    return f"{value:.3g}"


def _column(
    label: str, series: Sequence[str], column: Sequence[int], place: int, step: float, top: float
) -> list[Block]:
    gap = min(step * 0.2, 6.0)
    blocks: list[Block] = []
    below = 0
    for number, (name, value) in enumerate(zip(series, column, strict=True), 1):
        if value:
            upper, lower = _y(below + value, top), _y(below, top)
            title = f"{label}, {name}: {value:,}"
            blocks.append(Block(LEFT + place * step + gap / 2, upper, step - gap, lower - upper, number, title))
        below += value
    return blocks


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _top(largest: int) -> float:
    """Return where a scale ends that has four round steps and room for the largest column."""
    if largest <= 4:
        return 4.0
    magnitude = 10.0 ** math.floor(math.log10(largest / 4))
    return next(4 * magnitude * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if 4 * magnitude * step >= largest)


def _largest(figures: Mapping[str, Sequence[int]], length: int) -> list[tuple[str, Sequence[int]]]:
    ordered = sorted(figures.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    if len(ordered) <= MOST_SERIES:
        return ordered
    rest = [sum(each[place] for _, each in ordered[MOST_SERIES - 1 :]) for place in range(length)]
    return [*ordered[: MOST_SERIES - 1], (OTHERS, rest)]  # not by name: a cache may be called so
