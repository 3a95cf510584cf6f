"""The retained items of one topic, and its numbering; no I/O and no clock."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from api.items import Discontinuity, item_frame
from api.link import READ_BYTES, Resumed
from storage.settings import HistorySettings

ITEM_BYTES: Final = 150
"""What an item takes in memory beside its frame: two objects, a time and a place in the queue."""

TOPIC_BYTES: Final = 1400
"""What a topic takes without items, here and in its node: 1,390 by the memory of 100,000 topics with short names."""


class History:
    """A topic's numbering and the newest of its items.

    Numbers of a page start at 1 and have no gaps. The oldest items go when one of the bounds is passed; the newest
    one goes only by age.

    Attributes:
        held_bytes: Of the retained items' frames.
        taken_bytes: What they take in memory, and the topic itself.
    """

    def __init__(self, page: int, settings: HistorySettings) -> None:
        self.page = page
        self.last = 0
        self.held_bytes = 0
        self.taken_bytes = TOPIC_BYTES
        self._settings = settings
        self._items: deque[tuple[float, bytes]] = deque()

    def __repr__(self) -> str:
        return f"<History page {self.page}, {len(self._items)} of {self.last} items, {self.held_bytes} bytes>"

    def __len__(self) -> int:
        return len(self._items)

    @property
    def first(self) -> int:
        """The number of the oldest retained item; `last` + 1 where nothing is retained."""
        return self.last - len(self._items) + 1

    def bound(self, settings: HistorySettings, now: float) -> None:
        """Live by other bounds from now on."""
        self._settings = settings
        self._make_room()
        self.expire(now)

    def restore(self, last: int, items: Sequence[tuple[float, bytes]]) -> None:
        """Take over what another node kept: the times and frames of the items up to number `last`, oldest first."""
        self.last = last
        self._items.extend(items)
        length = sum(len(frame) for _, frame in items)
        self.held_bytes += length
        self.taken_bytes += length + ITEM_BYTES * len(items)
        self._make_room()

    def items(self) -> Sequence[tuple[float, bytes]]:
        """Return when each retained item was appended, and its frame; oldest first."""
        return self._items

    def append(self, value: bytes, publisher_id: bytes, now: float) -> bytes:
        """Number and keep a value; return its frame. `now` is in seconds of a monotonic clock."""
        frame = item_frame(self.last + 1, self.page, value, publisher_id)
        self.push(frame, now)
        return frame

    def push(self, frame: bytes, now: float) -> None:
        """Keep the frame of the item that follows."""
        self.last += 1
        self._items.append((now, frame))
        length = len(frame)
        self.held_bytes += length
        self.taken_bytes += length + ITEM_BYTES
        if self.held_bytes > self._settings.topic_bytes or len(self._items) > self._settings.items:
            self._make_room()

    def expire(self, now: float) -> None:
        """Drop the items that are older than the age bound."""
        oldest_kept = now - self._settings.seconds
        while self._items and self._items[0][0] < oldest_kept:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Drop one item; there must be one."""
        length = len(self._items.popleft()[1])
        self.held_bytes -= length
        self.taken_bytes -= length + ITEM_BYTES

    def resume(self, number: int, page: int) -> Resumed:
        """Return what a subscriber with this resume point gets first (rules: `docs/compatibility.md`, 40 to 45)."""
        if number == 0 and page == 0:
            return self._from(max(self.last, 1), None)
        number = max(number, 1)
        if page in (0, self.page) and self.first <= number <= self.last + 1:
            return self._from(number, None)
        first = self.first
        return self._from(first, Discontinuity(number - 1, min(first, self.last), self.page))

    def _from(self, number: int, discontinuity: Discontinuity | None) -> Resumed:
        start = max(number, self.first)
        frames: list[bytes] = []
        room = READ_BYTES
        for _, frame in islice(self._items, start - self.first, None):
            room -= len(frame)
            if room < 0 and frames:
                break
            frames.append(frame)
        return Resumed(self.page, self.last, discontinuity, frames, start + len(frames))

    def _make_room(self) -> None:
        settings = self._settings
        while len(self._items) > 1 and (self.held_bytes > settings.topic_bytes or len(self._items) > settings.items):
            self.drop_oldest()
