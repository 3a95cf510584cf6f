"""The steps in which usage is added up, and which of them answers a question exactly. Values in, values out.

All times are minutes of the epoch. Steps are of UTC; a local day or hour is made of the largest steps that fit into it.
"""

from collections.abc import Iterator, Sequence

MINUTE, QUARTER, HOUR, DAY = 1, 15, 60, 1440

OF_PRINCIPALS = (DAY, HOUR, QUARTER, MINUTE)
"""The steps by which each principal's usage is kept."""

SURE = (DAY, HOUR, MINUTE)
"""Those of them that every version has kept: quarters may lack what an older one counted."""

OF_ALL = (DAY, HOUR, QUARTER)
"""The steps by which the usage of all principals together is kept."""


def floor(minute: int, step: int) -> int:
    """Return when the step began that a minute lies in."""
    return minute - minute % step


def coarsest(steps: Sequence[int], *borders: int) -> int:
    """Return the largest of the steps, which descend, that has a border at each of these times and lengths.

    Where none has, that is a single minute.
    """
    return next((step for step in steps if all(border % step == 0 for border in borders)), MINUTE)


def cover(start: int, end: int, steps: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Cover a time exactly with as large steps as fit, which descend: (step, start, end) of each piece."""
    if start >= end:
        return
    step, *finer = steps or (MINUTE,)
    inner_start, inner_end = floor(start + step - 1, step), floor(end, step)
    if inner_start >= inner_end:
        yield from cover(start, end, finer)
        return
    yield from cover(start, inner_start, finer)
    yield step, inner_start, inner_end
    yield from cover(inner_end, end, finer)
