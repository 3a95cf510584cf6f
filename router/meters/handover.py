"""Hands what a router counts to the account service: seals it into batches, and sends each until it is applied.

A batch is one to three seconds, and a minute while many wait.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from api.errors import Unavailable
from api.seals import Seals
from api.tasks import end
from api.usage import CONCURRENCY, SUBSCRIPTION
from backplane.interface import Usage, UsageBatch
from router.meters.flights import Flights
from router.meters.folder import Folder
from router.meters.journal import Journal
from router.meters.meters import Meters
from router.meters.seats import Seats
from router.meters.window import Window

ADOPT_WINDOWS = 5
"""After so many windows it looks for boots of the same router that have died."""

MANY_ROWS = 500
"""A window with more rows than this stays open for longer, so that a busy router does not fill the database."""

BUSY_WINDOWS = 3
"""How many times as long a window is then, and when many batches wait. With 4, less than a second of the five in which
usage is to be told was left for all that comes after."""

QUIET_WINDOWS = 3
"""How many times as long a window is that has nothing but the seconds of streams that stay open: to apply one takes
15 ms of CPU, which was 1.5 % of a core for a router where nothing happens. With 5, such seconds were told later than
five seconds after they had passed."""

STEADY_WINDOWS = 2
"""How many times as long a window is that follows another one with traffic, where no account in it has a spend cap.
What comes after a pause is told a second later. A window takes as much CPU for one second as for more; with 3, there is
less left of the five seconds in which usage is to be told than a slow machine needs."""

MANY_BATCHES = 100
"""When more than this wait to be applied, a batch is a whole minute: the disk fills slowly when nobody takes them."""

MINUTE = 60
SEND_BYTES = 4 * 1024 * 1024
CLOSE_SECONDS = 2.0
ALARM_SECONDS = 10.0

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Metering:
    """Counts what a router serves, and hands it over.

    Attributes:
        meters: What it counts with.
        seats: Counts open subscriptions.
    """

    def __init__(
        self,
        parent: Path,
        router: str,
        usage: Usage,
        now: Callable[[], float] = time.time,
        window_seconds: float = 1.0,
        seals: Seals | None = None,
    ) -> None:
        """Begin to count for `router`, in a folder of its own below `parent`; a window is so long at least.

        With `seals` whoever applies the batches knows that they are of a router.

        Raises:
            OSError: nothing can be written there.
        """
        self._parent = parent
        self._usage = usage
        self._seals = seals
        self._now = now
        self._window_seconds = window_seconds
        self._own = Journal(Folder.make(parent, router))
        self.meters = Meters(self._own.folder.open_window, now)
        self.seats = Seats(self.meters, Flights(self._own.folder.open_flights))
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="usage")
        self._adopted: list[Journal] = []
        self._epoch = ""
        self._window_began = time.monotonic()
        self._traffic_at = float("-inf")
        self._has_caps: Callable[[str], bool] = _may_have
        self._look_at = 0.0
        self._alarm_at = 0.0
        self._full_since: float | None = None
        self._clear_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Metering {self._own!r}, {len(self._adopted)} adopted, {self.meters!r}>"

    @property
    def waiting_batches(self) -> int:
        """Batches that are not known to be applied."""
        return len(self._own) + sum(map(len, self._adopted))

    @property
    def waiting_seconds(self) -> float:
        """For how long there has been one; 0 while there is none."""
        return time.monotonic() - self._clear_at if self.waiting_batches else 0.0

    @property
    def unkept_seconds(self) -> float:
        """For how long the disk has taken no new window, as when it is full; 0 while it does."""
        return 0.0 if self._full_since is None else time.monotonic() - self._full_since

    def start(self, has_caps: Callable[[str], bool]) -> None:
        """Begin to hand over. Traffic of accounts that have spend caps, as `has_caps` tells, is not kept for longer."""
        self._has_caps = has_caps
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Seal what was counted, and hand it over if that takes no longer than a moment; what is left waits on disk."""
        if self._task is not None:
            await end(self._task)
        self.seats.tick()
        await self._on_disk(self._end)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while not self._own.is_done:
                    await self._hand_over()
                    await asyncio.sleep(0.02)
        except (TimeoutError, Unavailable):
            _log.info("what was counted last is kept for the next process: %r", self._own)
        for journal in (self._own, *self._adopted):
            await self._on_disk(partial(_let_go, journal))
        self._disk.shutdown()

    async def _run(self) -> None:
        while True:
            length = self._window_seconds
            await asyncio.sleep(length - self._now() % length)  # windows end at whole seconds, and so at whole minutes
            for step in (self._keep, self._hand_over):  # what was kept before is told also where nothing more can be
                try:
                    await step()
                except Unavailable:
                    pass  # the backplane has told the log, and the next second comes
                except Exception:  # noqa: BLE001 - what was counted is on disk, and the next turn may go well
                    _log.exception("usage could not be handed over")

    async def _keep(self) -> None:
        """Seal what was counted and take over what others have left, as far as the disk has room."""
        try:
            self._turn()
            await self._on_disk(self._seal_ended)
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + ADOPT_WINDOWS * self._window_seconds
                self._adopted += await self._on_disk(partial(_adopted, self._parent))
        except OSError as reason:
            self._alarm(reason)
        else:
            self._clear()

    async def _on_disk(self, work: Callable[[], T]) -> T:
        """Do what may wait for the disk in a thread, one thing after the other, also when nobody waits for it."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    def _turn(self) -> None:
        self.seats.tick()
        window = self.meters.window
        age = time.monotonic() - self._window_began
        is_other_minute = int(self._now()) // 60 != window.minute
        if is_other_minute or age > (self._windows(window) - 0.5) * self._window_seconds:
            has_traffic = window.has_counted and not _is_quiet(window)
            self.meters.turn()
            self.seats.begin()
            self._window_began = time.monotonic()
            if has_traffic:
                self._traffic_at = self._window_began

    def _windows(self, window: Window) -> int:
        """Return how many times as long as it is at least this window is to be."""
        if len(self._own) > MANY_BATCHES:
            return MINUTE
        if len(window.rows) > MANY_ROWS:
            return BUSY_WINDOWS
        if _is_quiet(window):
            return 1 if self.seats.have_changed else QUIET_WINDOWS
        is_steady = time.monotonic() - self._traffic_at < (STEADY_WINDOWS + 0.5) * self._window_seconds
        return STEADY_WINDOWS if is_steady and not self._hurries(window) else 1

    def _hurries(self, window: Window) -> bool:
        return any(map(self._has_caps, {account for account, *_ in window.rows}))

    def _seal_ended(self) -> None:
        ended: list[Window] = self.meters.ended
        while ended:
            self._own.seal(ended[0])
            del ended[0]
        self._own.folder.prepare()
        self._own.folder.synchronise(self.meters.window.number)

    def _end(self) -> None:
        try:
            self.meters.turn()
            self._seal_ended()
            self._own.end()
        except OSError as reason:
            self._alarm(reason)

    async def _hand_over(self) -> None:
        await self._look_at_epoch()
        journals = [self._own, *self._adopted]
        for journal in journals:
            while batches := await self._on_disk(partial(journal.due, time.monotonic(), SEND_BYTES)):
                await self._usage.append(self._sealed(batches))
                journal.sent(batches, time.monotonic())
        marks = await self._usage.applied([journal.name for journal in journals])
        for journal in journals:
            journal.applied(marks.get(journal.name, 0))
        if not self.waiting_batches:
            self._clear_at = time.monotonic()
        for journal in [adopted for adopted in self._adopted if adopted.is_done]:
            self._adopted.remove(journal)
            await self._on_disk(journal.folder.remove_all)

    def _sealed(self, batches: Sequence[UsageBatch]) -> Sequence[UsageBatch]:
        seals = self._seals
        return batches if seals is None else [replace(batch, seal=seals.seal(batch.payload)) for batch in batches]

    async def _look_at_epoch(self) -> None:
        epoch = await self._usage.epoch()
        if epoch != self._epoch:
            for journal in (self._own, *self._adopted):
                journal.send_again()
            self._epoch = epoch

    def _alarm(self, reason: OSError) -> None:
        self._full_since = time.monotonic() if self._full_since is None else self._full_since
        if time.monotonic() >= self._alarm_at:
            self._alarm_at = time.monotonic() + ALARM_SECONDS
            _log.error("usage cannot be kept on disk, and is counted in a window that stays open: %s", reason)

    def _clear(self) -> None:
        if self._full_since is not None:
            _log.warning("usage is kept on disk again, after %.0f s", self.unkept_seconds)
            self._full_since = None


def _may_have(_: str) -> bool:
    return True


def _is_quiet(window: Window) -> bool:
    return window.has_only(SUBSCRIPTION, CONCURRENCY)


def _adopted(parent: Path) -> Sequence[Journal]:
    journals: list[Journal] = []
    for folder in Folder.adopt(parent):
        journal = Journal(folder)
        try:
            journal.inherit()
        except OSError:
            folder.release()
            raise
        if journal.is_done:
            folder.remove_all()
        else:
            _log.warning("boot %s of this router has ended; it leaves %s batches", folder.boot, len(journal))
            journals.append(journal)
    return journals


def _let_go(journal: Journal) -> None:
    if journal.is_done:
        journal.folder.remove_all()
    else:
        journal.folder.release()
