"""One subscriber's stream from its opening to its end, whatever carries it: gRPC, Server-Sent Events or a long poll."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from api.errors import DeadlineExceeded, NotFound, SlowReader, StreamMoved, TidingsError, Unavailable
from api.gone import forgotten
from api.items import HEARTBEAT
from api.link import Resumed
from router.bearer import Bearer, Readable
from router.counts import Gap
from router.end_queue import EndQueue
from router.feed import Feed
from router.heartbeats import Heartbeats
from router.log import Chunk
from router.meters.flights import Flight
from router.tallies import NOTHING, Tally, tally

WRITE_BYTES = 112 * 1024
"""How much one write carries at most, unless an item alone is larger.

At 1→10,000, where Envoy tells all streams of a connection of each write, it gave a third more deliveries for a
CPU-second than 64 KiB, and at 1→1,000 as many. From 128 KiB on the C library maps memory anew for each write.
"""


class Asked(NamedTuple):
    """What the client asked for: the cache by its name, from its address, which is empty where it is not known.

    Attributes:
        is_gone: Asks whether the client has left.
        page: The one of its resume point; 0 without one.
        is_direct: No proxy of this machine passes on what is written to it.
    """

    cache: str
    is_gone: Callable[[], Awaitable[bool]]
    address: str = ""
    page: int = 0
    is_direct: bool = False


class Shared(NamedTuple):
    """What the subscriptions of a router have in common: who gives them heartbeats, and wakes them for their end."""

    heartbeats: Heartbeats
    ends: EndQueue


class Subscription:
    """A cursor into a feed, with a heartbeat when nothing happens and an end that others may decide on."""

    __slots__ = (
        "_asked", "_beating", "_cursor", "_ending", "_ends", "_expires_at", "_expiry", "_handed", "_has_left",
        "_heartbeat_due", "_heartbeats", "_loop", "_opening", "_read", "_read_at", "_waiter", "_write_beat", "bearer",
        "feed", "flight", "moment", "patience", "quiet_since", "readable",
    )  # fmt: skip

    def __init__(
        self,
        bearer: Bearer,
        readable: Readable,
        feed: Feed,
        resumed: Resumed,
        *,
        asked: Asked,
        read: Callable[[int, int], Awaitable[Resumed]],
        flight: Flight,
        shared: Shared,
    ) -> None:
        """Open with the node's first answer.

        `read` asks it for what follows a number of a page, and `flight` counts what is delivered.
        """
        self.bearer = bearer
        self.readable = readable
        self.feed = feed
        self._asked = asked
        self._read = read
        self._read_at: tuple[int, int] | None = None
        self._cursor = 0
        self.flight = flight
        self._handed = NOTHING
        self._opening = HEARTBEAT + self._follow(resumed, asked.page)
        self._loop = asyncio.get_running_loop()
        self.quiet_since = self._loop.time()
        self.moment = 0
        self.patience = 0.0
        self._heartbeat_due = False
        self._write_beat: Callable[[], Awaitable[None]] | None = None
        self._beating: asyncio.Future[None] | None = None
        self._heartbeats, self._ends = shared
        self._heartbeats.begin(self)
        self._ending: TidingsError | None = None
        self._has_left = False
        self._waiter: Callable[[], object] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._expire_with_bearer()

    def __repr__(self) -> str:
        state = "ending" if self._ending else "writing" if self._waiter is None else "waiting"
        return f"<Subscription {self.readable.name!r} {state}, {self.feed.log.end - self._cursor} behind>"

    @property
    def address(self) -> str:
        """Where the client is; empty where that is not known."""
        return self._asked.address

    @property
    def is_direct(self) -> bool:
        """Whether no proxy of this machine passes on what is written to it."""
        return self._asked.is_direct

    @property
    def ending(self) -> TidingsError | None:
        """Why it ends, where that was decided here; None where its client leaves."""
        return None if self._has_left else self._ending

    @property
    def is_ending(self) -> bool:
        """Whether an end was decided on; it takes effect when the client has read what was written before."""
        return self._ending is not None

    async def is_gone(self) -> bool:
        """Whether the client has left without a word; if so, the subscription ends."""
        if self._waiter is None or not await self._asked.is_gone():
            return False
        self.left()
        return True

    def left(self) -> None:
        """End: the client has left."""
        if self._ending is None:
            self._has_left = True
            self.end(Unavailable("the client has left"))

    def check(self) -> None:
        """End the subscription if its account no longer allows it."""
        try:
            self.bearer.check(time.time())
            readable = self.bearer.readable(self._asked.cache, self.readable.name, self._asked.address)
            if readable[:3] != self.readable[:3]:
                raise NotFound(f"cache '{self._asked.cache}' was deleted")
            if readable.durable != self.readable.durable:
                raise StreamMoved  # its topics are elsewhere now; the client subscribes anew
        except TidingsError as reason:
            self.end(reason)
            return
        if self._expires_at != self.bearer.expires_at:
            self._expire_with_bearer()

    async def next(self) -> bytes:
        """Return the next bytes to write: whole frames, of items, a discontinuity, or a heartbeat.

        Raises:
            TidingsError: the subscription has ended, for this reason.
        """
        if self._opening:
            opening, self._opening = self._opening, b""
            return opening
        if self._read_at is not None:
            if self._ending is not None:
                raise self._ending
            return await self._read_on(*self._read_at)
        frames = self.take(woken=False)
        while frames is None:
            await self._more()
            frames = self.take(woken=True)
        return frames

    @property
    def follows(self) -> bool:
        """Whether what comes next is in the feed: `take` has it, or `wait` tells when it has."""
        return not self._opening and self._read_at is None

    def take(self, *, woken: bool) -> bytes | None:
        """Return what `next` would, or None where it would wait. Only for a subscription that `follows` its feed.

        Unless `woken`, what the feed keeps back for its next round is not taken.

        Raises:
            TidingsError: the subscription has ended, for this reason.
        """
        if self._ending is not None:
            raise self._ending
        feed = self.feed
        deferred = not woken and feed.defers(self._cursor)
        chunk = None if deferred else feed.log.after(self._cursor, WRITE_BYTES)
        if chunk is not None:
            if chunk.gap is not None:
                chunk = self._fallen_behind(chunk)
            self._cursor = chunk.cursor
            self._hand(chunk.tally)
            self.quiet_since = self._loop.time()
            return chunk.data
        if self._heartbeat_due:
            self._heartbeat_due = False
            self.quiet_since = self._loop.time()
            return HEARTBEAT
        return None

    def wait(self, waiter: Callable[[], object]) -> None:
        """Call `waiter` once when there is more, or an end."""
        self._waiter = waiter
        self.feed.wait(self)

    def wait_no_more(self) -> None:
        """Call nobody."""
        self._waiter = None
        self.feed.forget(self)

    def delivered(self) -> None:
        """Count what `next` has returned as delivered. To be called when it was sent, and not if that failed."""
        handed = self._handed
        if handed is not NOTHING:
            self._handed = NOTHING
            self.flight.landed(handed.messages, handed.bytes, handed.operations)
            self.feed.counts.landed(handed)
            if self.feed.taps.by_cache:
                self.feed.taps.delivered(self.readable, self, handed)

    def _hand(self, tally: Tally) -> None:
        if tally.messages:
            known = self._handed
            self._handed = handed = tally if known is NOTHING else known.plus(tally)
            self.flight.begin(handed.packed)

    def beat_by(self, write: Callable[[], Awaitable[None]]) -> None:
        """Have heartbeats written by `write` while somebody waits in `next`, which does not return them any more.

        So nobody is woken for one: of the 30 us that a heartbeat took, that was more than half.
        """
        self._write_beat = write

    def beat(self, now: float) -> bool:
        """See `Beating`. There is none for a stream that is being written to, nor behind one that is not read."""
        if self._waiter is None or self._beating is not None:
            return False
        self.quiet_since = now
        if self._write_beat is None:
            self._heartbeat_due = True
            self.wake()
            return False
        self._beating = asyncio.ensure_future(self._write_beat())
        return True

    def look(self) -> None:
        """See `Beating`. One that is not taken by now is told of when it is, or when the client leaves."""
        beating = self._beating
        if beating is None:
            return
        if not beating.done():
            beating.add_done_callback(lambda _: self.look())
            return
        self._beating = None
        if not beating.cancelled() and (reason := beating.exception()) is not None:
            forgotten(reason)
            self.left()

    def end(self, reason: TidingsError) -> None:
        """End the stream with `reason`, before whatever else waits for it. The first reason stays.

        It is so from now on; to say so to the client takes a turn of the loop, or more where many end together.
        """
        if self._ending is None:
            self._ending = reason
            self._ends.add(self.wake)

    def wake(self) -> None:
        """Go on: there is more, or an end."""
        waiter = self._waiter
        if waiter is not None:
            self.wait_no_more()
            waiter()

    def close(self) -> None:
        """Let go of the feed. Whoever opened the subscription calls this once."""
        self._handed = NOTHING
        self._heartbeats.forget(self)
        if self._expiry is not None:
            self._expiry.cancel()
        self.feed.forget(self)
        if self._ending is not None:
            self._ending.__traceback__ = None  # it leads to this subscription again, and all that it holds

    def _expire_with_bearer(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expires_at = self.bearer.expires_at
        self._expiry = self.bearer.when_expired(self.end)

    def _follow(self, resumed: Resumed, page: int) -> bytes:
        """Stand where an answer of the node ends, in its history or in the feed; return what the answer brought.

        `page` is the one that was asked for.
        """
        self.feed.align(resumed.page, resumed.last)
        if resumed.next > resumed.last:
            self._read_at = None
            self._cursor = self.feed.log.cursor(resumed.page, resumed.next)
        else:
            self._read_at = (resumed.next, resumed.page)
        told = b""
        if resumed.discontinuity is not None:
            told = resumed.discontinuity.frame()
            cause = "retention" if page in (0, resumed.page) else self.feed.begun_anew()
            self.feed.told(Gap(cause, resumed.discontinuity.last, resumed.discontinuity.new))
        self._hand(tally(resumed.frames))
        return b"".join((told, *resumed.frames))

    async def _read_on(self, number: int, page: int) -> bytes:
        try:
            frames = self._follow(await self._read(number, page), page)
        except (Unavailable, DeadlineExceeded) as reason:
            raise StreamMoved from reason  # the client resumes with its last number, wherever the topic is then
        self.quiet_since = self._loop.time()
        return frames

    def _fallen_behind(self, chunk: Chunk) -> Chunk:
        """Return what the stream gets in place of what it missed; `chunk` leads it to the oldest that is left.

        Raises:
            SlowReader: its cache has such streams end.
        """
        policy = self.bearer.tenant.slow_reader_policy(self.readable.cache)
        if policy == "disconnect":
            self.feed.counts.disconnected += 1
            self.end(SlowReader())
            raise SlowReader
        if policy == "keep_latest":
            log = self.feed.log
            chunk = log.skip(self._cursor, max(log.end - 1, log.start))
        if chunk.gap is not None:
            self.feed.told(chunk.gap)
        return chunk

    async def _more(self) -> None:
        more = self._loop.create_future()

        def wake() -> None:
            if not more.done():
                more.set_result(None)

        self.wait(wake)
        try:
            await more
        finally:
            self.wait_no_more()
