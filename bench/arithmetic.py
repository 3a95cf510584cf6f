"""The few sums that figures are made of."""

from collections.abc import Sequence


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of `ordered`, ascending, does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not ordered:
        raise ValueError("no values")
    rank = -int(-share * len(ordered) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def split(whole: int, parts: int) -> list[int]:
    """Return `parts` nearly equal numbers that add up to `whole`, the larger ones first."""
    share, rest = divmod(whole, parts)
    return [share + 1] * rest + [share] * (parts - rest)


def ratio(one: float | None, other: float | None) -> float | None:
    """Return how many times `other` goes into `one`, or None where that says nothing: one of them was not measured."""
    return one / other if one is not None and other is not None and other > 0 else None
