"""The newest items of one topic on a router, shared by all its subscribers; no I/O and no clock.

A subscriber is a cursor into the log. Whoever falls behind the log's start has a gap, and the gap is arithmetic. The
bytes that many subscribers wait for are joined once and handed to all of them.
"""

from bisect import bisect_left
from typing import Final, NamedTuple

from api.items import Discontinuity, item_size
from router.counts import Gap
from router.tallies import NOTHING, Tallies, Tally

FRAME_BYTES: Final = 100
"""What a frame takes in memory beside its bytes: an object, and its places in lists."""

MAX_EPOCHS = 16
MAX_JOINED = 16


class Chunk(NamedTuple):
    """What one subscriber is sent in one write, where its cursor is then, and what that counts as.

    Attributes:
        gap: It is not items, but word of those that are kept no more.
    """

    data: bytes
    cursor: int
    tally: Tally
    gap: Gap | None = None


class _Epoch(NamedTuple):
    """From `start` on, positions are numbers of `page`, the first of them `number`."""

    start: int
    page: int
    number: int


class Log:
    """Frames at consecutive positions, the oldest dropped when there are more than `max_bytes` of them."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._frames: list[bytes] = []
        self._ends: list[int] = []
        self._tallies = Tallies()
        self._total = 0
        self._dropped = 0
        self._base = 0
        self._skip = 0
        self._epochs: list[_Epoch] = []
        self._joined: dict[int, Chunk] = {}
        self._next_number = 0

    def __repr__(self) -> str:
        return f"<Log positions {self.start} to {self.end}, {self.held_bytes} bytes, page {self.page}>"

    @property
    def start(self) -> int:
        """The position of the oldest frame."""
        return self._base + self._skip

    @property
    def end(self) -> int:
        """The position that the next frame will have."""
        return self._base + len(self._frames)

    @property
    def held_bytes(self) -> int:
        """Bytes of all frames."""
        return self._total - self._dropped

    @property
    def taken_bytes(self) -> int:
        """What all frames take in memory."""
        return self.held_bytes + FRAME_BYTES * (self.end - self.start)

    @property
    def page(self) -> int:
        """The current page; 0 before anything is known."""
        return self._epochs[-1].page if self._epochs else 0

    @property
    def last(self) -> int:
        """The newest number of the current page."""
        return self._next_number - 1 if self._epochs else 0

    def append(self, page: int, number: int, frame: bytes) -> Gap | None:
        """Add an item. Where it does not follow the one before, subscribers are told so just ahead of it.

        Returns why they are, if they are.
        """
        size = item_size(frame)
        gap: Gap | None = None
        if number != self._next_number or page != self._epochs[-1].page:
            if self._epochs:
                if page == self.page and number < self._next_number:
                    return None
                gap = Gap("link" if page == self.page else "page_reset", self.last, number)
                frame = Discontinuity(gap.last, number, page).frame() + frame
            self._begin(page, number)
        self._next_number = number + 1
        self._tallies.add_item(size)
        self._add(frame)
        return gap

    def align(self, page: int, last: int) -> Gap | None:
        """Take note that the topic stood at `last` of `page` when its node was asked.

        Subscribers are told where that is news: the node's answer may be older than what has come since. Returns why
        they are, if they are.
        """
        gap: Gap | None = None
        if not self._epochs:
            self._begin(page, last + 1)
        elif all(epoch.page != page for epoch in self._epochs) or (page == self.page and last > self.last):
            gap = Gap("link" if page == self.page else "page_reset", self.last, last)
            told = Discontinuity(gap.last, last, page).frame()
            self._begin(page, last)
            self._tallies.add_other()
            self._add(told)
        else:
            return None
        self._next_number = last + 1
        return gap

    def cursor(self, page: int, number: int) -> int:
        """Return the position of a number. One that the log does not reach back to is where the log starts."""
        for epoch in reversed(self._epochs):
            if epoch.page == page and number >= epoch.number:
                return epoch.start + number - epoch.number
        return self.start

    def after(self, cursor: int, max_bytes: int) -> Chunk | None:
        """Return what a subscriber at `cursor` is to get next, at least one frame; None where it has everything."""
        if cursor >= self.end:
            return None
        if cursor < self.start:
            return self.skip(cursor, self.start)
        joined = self._joined.get(cursor)
        if joined is None or (joined.cursor < self.end and len(joined.data) < max_bytes // 2):
            joined = self._join(cursor, max_bytes)
        return joined

    def skip(self, cursor: int, to: int) -> Chunk:
        """Return what tells a subscriber at `cursor` that it has fallen behind, and goes on at position `to`."""
        told = self._missed(cursor, to)
        return Chunk(told.frame(), to, NOTHING, Gap("slow_reader", told.last, told.new))

    def bytes_after(self, cursor: int) -> int:
        """Return how many bytes wait for a subscriber at `cursor`; all that is held where it has fallen behind."""
        if cursor >= self.end:
            return 0
        index = cursor - self._base
        return self._total - self._ends[index - 1] if index > self._skip else self.held_bytes

    def trim(self, cursor: int) -> None:
        """Drop the frames before `cursor`: every subscriber has them."""
        while self.start < min(cursor, self.end):
            self._drop_oldest()
        self._compact()

    def bound(self, max_bytes: int) -> None:
        """Drop the oldest frames until those left take no more memory than `max_bytes`, whoever still needs them."""
        while self.taken_bytes > max_bytes and self.start < self.end:
            self._drop_oldest()
        self._compact()

    def _missed(self, cursor: int, to: int) -> Discontinuity:
        page, number = self._at(to)
        page_before, last = self._at(cursor - 1)
        first = self._epochs[0]
        if not page_before and first.start == cursor:
            last = max(first.number - 1, 0)
        return Discontinuity(last, number, page)

    def _at(self, position: int) -> tuple[int, int]:
        for epoch in reversed(self._epochs):
            if position >= epoch.start:
                return epoch.page, epoch.number + position - epoch.start
        return 0, 0

    def _join(self, cursor: int, max_bytes: int) -> Chunk:
        index = cursor - self._base
        before = self._ends[index - 1] if index else self._ends[0] - len(self._frames[0])
        until = max(bisect_left(self._ends, before + max_bytes + 1, index), index + 1)
        data = b"".join(self._frames[index:until]) if until > index + 1 else self._frames[index]
        if len(self._joined) >= MAX_JOINED:
            self._joined.clear()
        chunk = self._joined[cursor] = Chunk(data, self._base + until, self._tallies.between(index, until))
        return chunk

    def _begin(self, page: int, number: int) -> None:
        self._epochs.append(_Epoch(self.end, page, number))
        del self._epochs[:-MAX_EPOCHS]

    def _add(self, frame: bytes) -> None:
        self._total += len(frame)
        self._frames.append(frame)
        self._ends.append(self._total)
        if self._total - self._dropped > self._max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        while self.held_bytes > self._max_bytes and self.end - self.start > 1:
            self._drop_oldest()
        if self._skip > len(self._frames) // 2:
            self._compact()

    def _drop_oldest(self) -> None:
        self._dropped += len(self._frames[self._skip])
        self._frames[self._skip] = b""
        self._skip += 1

    def _compact(self) -> None:
        del self._frames[: self._skip]
        del self._ends[: self._skip]
        self._tallies.drop(self._skip)
        self._base += self._skip
        self._skip = 0
        self._joined.clear()
