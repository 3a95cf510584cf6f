"""What a router counts with: the window of the moment, and a meter for each thing that is counted."""

import contextlib
import logging
import time
from collections.abc import Callable

from api.errors import UsageNotRecorded
from router.meters.window import Full, Key, Row, Window

MEMORY_BYTES = 1024 * 1024

_log = logging.getLogger(__name__)


class Meters:
    """Counts into one window after the other.

    Attributes:
        window: Where is counted now.
        ended: Windows that hold something and are counted in no more, until somebody takes them.
    """

    def __init__(self, open_window: Callable[[int, int], Window], now: Callable[[], float] = time.time) -> None:
        """`open_window` returns a new window of a number and a minute, or raises OSError when there is no room for one.

        Raises:
            OSError: there is no room for the first window.
        """
        self._open_window = open_window
        self._now = now
        self._homeless: dict[Key, tuple[int, int, int]] = {}
        self.ended: list[Window] = []
        self.window = open_window(1, self._minute())

    @classmethod
    def in_memory(cls) -> "Meters":
        """Return meters whose counts nobody takes, and that end with the process."""
        return cls(lambda number, minute: Window(bytearray(MEMORY_BYTES), number, minute))

    def __repr__(self) -> str:
        return f"<Meters {self.window!r}, {len(self.ended)} ended>"

    def meter(self, account: str, cache: str, meter: str, principal: str) -> "Meter":
        """Return a meter. Several of the same key count together."""
        return Meter(self, (account, cache, meter, principal))

    def turn(self) -> None:
        """Begin another window if this one has counted anything; else have it count for the present minute.

        Raises:
            OSError: there is no room for another window; counting goes on in this one.
        """
        if not self.window.has_counted:
            self.window.begin(self._minute())
            return
        self._next()
        homeless, self._homeless = self._homeless, {}
        for key, numbers in homeless.items():
            self.keep(key, *numbers)

    def row(self, key: Key) -> Row:
        """Return a row of the present window, or of the next one where this is full.

        Raises:
            UsageNotRecorded: there is no room for one.
        """
        try:
            try:
                return self.window.row(key)
            except Full:
                self._next()
                return self.window.row(key)
        except (OSError, Full) as reason:
            _log.error("usage cannot be recorded: %s", reason or "a window has no room")
            raise UsageNotRecorded("the service has no room to record what is used; try again") from reason

    def keep(self, key: Key, first: int, second: int, third: int) -> None:
        """Count for certain: where there is no room for a row, until there is."""
        try:
            self.row(key).add(first, second, third)
        except UsageNotRecorded:
            known = self._homeless.get(key, (0, 0, 0))
            self._homeless[key] = (known[0] + first, known[1] + second, known[2] + third)

    def _next(self) -> None:
        window = self._open_window(self.window.number + 1, self._minute())
        self.ended.append(self.window)
        self.window = window

    def _minute(self) -> int:
        return int(self._now()) // 60


class Meter:
    """Counts one thing: a row that is looked up once a window."""

    __slots__ = ("_meters", "_row", "_window", "key")

    def __init__(self, meters: Meters, key: Key) -> None:
        self.key = key
        self._meters = meters
        self._window: Window | None = None
        self._row: Row | None = None

    def __repr__(self) -> str:
        return f"<Meter {self.key}>"

    def ready(self) -> Row:
        """Return the row of the present window; what is counted next has room then.

        Raises:
            UsageNotRecorded: there is no room for one; what would have to be counted must not be done.
        """
        row = self._row
        if row is None or self._window is not self._meters.window:
            row = self._row = self._meters.row(self.key)
            self._window = self._meters.window
        return row

    def add(self, first: int, second: int = 0, third: int = 0) -> None:
        """Count what was done."""
        row = self._row
        if row is not None and self._window is self._meters.window:
            row.add(first, second, third)
            return
        try:
            self.ready().add(first, second, third)
        except UsageNotRecorded:
            self._meters.keep(self.key, first, second, third)

    def raise_to(self, peak: int) -> None:
        """Count a peak, if it is the highest of the window; where there is no room for it, it is left out."""
        with contextlib.suppress(UsageNotRecorded):
            self.ready().raise_to(peak)
