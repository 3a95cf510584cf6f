"""How long things took, counted by buckets; what Prometheus is told is made of them."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the buckets."""


_SHORT: Final = SECONDS[0]
"""Most publishes to a node in the same process take no longer than this."""


class Durations:
    """Adding one takes a fraction of what a histogram of Prometheus' library takes: that locks for threads."""

    __slots__ = ("_counts", "sum")

    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self.sum = 0.0

    def __repr__(self) -> str:
        return f"<Durations {sum(self._counts)} of {self.sum:.3f} s>"

    def add(self, seconds: float) -> None:
        """Count one that took so long."""
        self._counts[0 if seconds <= _SHORT else bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> Sequence[tuple[str, float]]:
        """Return of each upper bound, the last one being `+Inf`, how many were no longer."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, total))
        return buckets
