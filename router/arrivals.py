"""When items of a topic came to this router, for readers that are asked for it: one time for many items."""

import math
from bisect import bisect_right

TELLS_APART_SECONDS = 0.001
MOST = 10_000
"""Times of one topic; the older half is forgotten where there are more."""


class Arrivals:
    """Times by the loop's clock."""

    def __init__(self) -> None:
        self._times: list[tuple[int, int, float]] = []

    def __repr__(self) -> str:
        return f"<Arrivals {len(self._times)} times>"

    def note(self, page: int, number: int, now: float) -> None:
        """Take note that an item has come. Pages, and numbers of a page, grow."""
        if self._times and self._times[-1][0] == page and now - self._times[-1][2] < TELLS_APART_SECONDS:
            return
        if len(self._times) >= MOST:
            del self._times[: MOST // 2]
        self._times.append((page, number, now))

    def of(self, page: int, number: int) -> float | None:
        """Return when an item came, a millisecond early at most; None where it was not seen, or that is forgotten."""
        found = bisect_right(self._times, (page, number, math.inf)) - 1
        return self._times[found][2] if found >= 0 and self._times[found][0] == page else None
