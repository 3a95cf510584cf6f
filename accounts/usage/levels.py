"""The steps in which usage is added up, and which of them answers a question exactly. Values in, values out.

All times are minutes of the epoch. Steps are of UTC; a local day or hour is made of the largest steps that fit into it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

MINUTE, QUARTER, HOUR, DAY = 1, 15, 60, 1440

OF_PRINCIPALS = (DAY, HOUR, QUARTER, MINUTE)
"""The steps by which each principal's usage is kept."""

SURE = (DAY, HOUR, MINUTE)
"""Those of them that every version has kept: quarters may lack what an older one counted."""

OF_ALL = (DAY, HOUR, QUARTER)
"""The steps by which the usage of all principals together is kept."""


class Span(NamedTuple):
    """A time of which the sums of one step are read, and how it is cut into pieces that have numbers.

    Attributes:
        start: As `end` in minutes, of which the last one is not in it any more.
        length: Of a piece; 0 where all of the time is one, or a part of one.
        ahead: How many minutes local time is ahead of UTC.
        back: What makes the number of a piece of its local begin: `ahead` for that begin in UTC.
        first: The number of the piece that the time begins in.
    """

    step: int
    start: int
    end: int
    length: int = 0
    ahead: int = 0
    back: int = 0
    first: int = 0


def floor(minute: int, step: int) -> int:
    """Return when the step began that a minute lies in."""
    return minute - minute % step


def coarsest(steps: Sequence[int], *borders: int) -> int:
    """Return the largest of the steps, which descend, that has a border at each of these times and lengths.

    Where none has, that is a single minute.
    """
    return next((step for step in steps if all(border % step == 0 for border in borders)), MINUTE)


def cover(start: int, end: int, steps: Sequence[int], number: int = 0) -> Iterator[Span]:
    """Cover a time, which is a piece of this number, exactly with as large steps as fit, which descend."""
    if start >= end:
        return
    step, *finer = steps or (MINUTE,)
    inner_start, inner_end = floor(start + step - 1, step), floor(end, step)
    if inner_start >= inner_end:
        yield from cover(start, end, finer, number)
        return
    yield from cover(start, inner_start, finer, number)
    yield Span(step, inner_start, inner_end, first=number)
    yield from cover(inner_end, end, finer, number)
