"""Keeps one Envoy serving: starts it, restarts it when it crashes, replaces it on SIGHUP, empties it on SIGTERM.

Envoy by itself drops every connection within a millisecond of SIGTERM and never comes back from a crash, so both are
this process's work.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto

from cli.refusals import StartFailed
from cli.supervisor.generation import Departure, Generation, Hosting
from cli.supervisor.watchdog import HUNG_SECONDS, Watchdog

log = logging.getLogger("tidings.supervisor")

FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 10.0
STABLE_SECONDS = 60.0
READY_POLL_SECONDS = 0.05
COME_BACK_SECONDS = 1.0
"""SDKs subscribe again half a second after a stream has ended."""


class Event(Enum):
    """What the supervisor wakes up for."""

    STOP = auto()
    ROLL = auto()
    DIED = auto()


class Backoff:
    """How long to wait before the next start: doubling, and forgotten once a start has held for a minute."""

    def __init__(self) -> None:
        self._next = FIRST_BACKOFF_SECONDS

    def after(self, lived_seconds: float) -> float:
        """Return the wait in seconds, for a process that lived so long."""
        if lived_seconds >= STABLE_SECONDS:
            self._next = FIRST_BACKOFF_SECONDS
        wait, self._next = self._next, min(self._next * 2, LONGEST_BACKOFF_SECONDS)
        return wait


class Supervisor:
    """Owns the generations of what is hosted."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._retiring: dict[Generation, asyncio.Task[None]] = {}
        self._current: Generation | None = None
        self._started = 0
        self._stopping = False
        self._watchdog = Watchdog()
        self._hurry = asyncio.Event()

    @property
    def generations(self) -> list[Generation]:
        """The processes that serve the port now."""
        return [*self._retiring, *([self._current] if self._current else [])]

    async def run(self, announce: Callable[[], None]) -> None:
        """Serve until told to stop; `announce` is called once, when a generation is ready.

        Raises:
            StartFailed: The first generation does not start.
        """
        self._listen()
        current = await self._unless_stopped(self._start())
        if current is None:
            return
        announcing = asyncio.create_task(self._announce(announce))
        try:
            await self._keep_serving(current)
        finally:
            announcing.cancel()
        await self._stop()

    async def _announce(self, announce: Callable[[], None]) -> None:
        while self._current is None or not await self._current.is_ready():  # noqa: ASYNC110  another process's state
            await asyncio.sleep(READY_POLL_SECONDS)
        announce()

    async def _keep_serving(self, current: Generation) -> None:
        """Do what events ask for, until one asks to stop."""
        backoff = Backoff()
        while True:
            began = asyncio.get_running_loop().time()
            match await self._next(current):
                case Event.STOP:
                    return
                case Event.ROLL:
                    rolled = await self._unless_stopped(self._roll(current))
                    if rolled is None:
                        return
                    current = rolled
                case Event.DIED:
                    lived = asyncio.get_running_loop().time() - began
                    revived = await self._unless_stopped(self._revive(current, backoff, lived))
                    if revived is None:
                        return
                    current = revived

    async def reopen_logs(self) -> None:
        """Have all generations open the access log anew."""
        for generation in self.generations:
            if generation.alive:
                await generation.admin.reopen_logs()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGQUIT, self._told_to_hurry)
        loop.add_signal_handler(signal.SIGHUP, self._events.put_nowait, Event.ROLL)

    def _told_to_stop(self) -> None:
        """The first time, stop in good order; the second time, at once."""
        if self._stopping:
            self._hurry.set()
        self._stopping = True
        self._events.put_nowait(Event.STOP)

    def _told_to_hurry(self) -> None:
        self._stopping = True
        self._told_to_stop()

    async def _next(self, current: Generation) -> Event:
        """Return the next event. A death is seen first: there is nothing to drain or to roll in a dead process."""
        died = asyncio.create_task(current.process.wait())
        event = asyncio.create_task(self._events.get())
        hung = asyncio.create_task(self._watchdog.until_hung(current))
        try:
            await asyncio.wait((died, event, hung), return_when=asyncio.FIRST_COMPLETED)
            if event.done():
                return event.result()
            if not died.done():
                log.error(
                    "the event loop of generation %d has not turned for %g s, and its process is ended",
                    current.number,
                    HUNG_SECONDS,
                )
                current.kill()
            return Event.DIED
        finally:
            for waiting in (died, event, hung):
                waiting.cancel()

    async def _unless_stopped(self, starting: "asyncio._CoroutineLike[Generation]") -> Generation | None:
        """Return the generation that starts, or nothing if a stop came first; then the start is given up."""
        start = asyncio.create_task(starting)
        while not start.done():
            event = asyncio.create_task(self._events.get())
            await asyncio.wait((start, event), return_when=asyncio.FIRST_COMPLETED)
            if event.done() and event.result() is Event.STOP:
                start.cancel()
                with suppress(asyncio.CancelledError, StartFailed):
                    await start
                return None
            event.cancel()
        return start.result()

    async def _start(self, *, ready: bool = False) -> Generation:
        self._started += 1
        generation = Generation(self._hosting, self._started)
        await generation.start(ready=ready)
        self._current = generation
        return generation

    async def _revive(self, dead: Generation, backoff: Backoff, lived: float) -> Generation:
        """Start again until it holds, ever more slowly."""
        status = await dead.end()
        while True:
            wait = backoff.after(lived)
            log.error("Envoy ended with status %s; starting it again in %.1f s", status, wait)
            await asyncio.sleep(wait)
            try:
                return await self._start()
            except StartFailed as error:
                log.error("%s", error)  # noqa: TRY400  the sentence is all: where it was raised tells nothing
                lived = 0.0

    async def _roll(self, old: Generation) -> Generation:
        """Replace `old` by a new generation; if that one does not start, `old` stays.

        One at a time, because a hand-over counts the port's sockets and knows two generations only.
        """
        if self._retiring:
            await asyncio.wait(self._retiring.values())
        try:
            new = await self._start(ready=True)
        except StartFailed as error:
            log.error("the restart failed and generation %d goes on: %s", old.number, error)  # noqa: TRY400
            return old
        log.warning("generation %d serves, generation %d drains", new.number, old.number)
        self._retiring[old] = asyncio.create_task(self._hand_over(old))
        return new

    async def _hand_over(self, old: Generation) -> None:
        await old.yield_port()
        await self._retire(old, self._hosting.patience.drain)

    async def _leave(self, last: Generation) -> None:
        if last.shares_port:
            await last.yield_port()
        await self._retire(last, 0.0)

    async def _retire(self, old: Generation, at_least: float) -> None:
        departure = await old.drain(at_least=at_least)
        await old.end()
        log.warning("generation %d is gone: %s", old.number, await self._report(departure))
        self._retiring.pop(old, None)

    async def _report(self, departure: Departure) -> str:
        """Return what became of the streams; where another generation has taken over, with the gaps told there."""
        gaps, successor = departure.gaps, self._current
        if successor is not None:
            if departure.moved:
                await asyncio.sleep(COME_BACK_SECONDS)
            gaps += await successor.gaps()
        cut = f", {_counted(departure.cut, 'stream')} cut" if departure.cut else ""
        return f"{_counted(gaps, 'gap')}, {_counted(departure.moved, 'stream')} moved{cut}"

    async def _stop(self) -> None:
        """Empty and end all generations, without more ado once told to hurry."""
        if self._current is not None and self._current.alive:
            self._retiring[self._current] = asyncio.create_task(self._leave(self._current))
        self._current = None
        hurry = asyncio.create_task(self._hurry.wait())
        while (tasks := set(self._retiring.values())) and not hurry.done():
            await asyncio.wait({*tasks, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        for generation, task in list(self._retiring.items()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await generation.end(at_once=True)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
