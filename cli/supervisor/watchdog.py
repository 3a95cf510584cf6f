"""Watches that the event loop of a hosted application turns, which nothing else would notice: Envoy goes on without it.

While it has not turned for three seconds, Envoy answers `/readyz` with 503 in its place, so that a load balancer sends
its traffic elsewhere; after ten it is ended, and started again. Whether it answers in time is not asked: one that has a
hundred thousand subscriptions to open answers late, and to start it again would make them come again.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

from cli.proc import stat_fields

DEADLINE_SECONDS = 3.0
"""Envoy says GOAWAY then: one that is only busy, as with a burst of subscriptions, must not have them come anew."""
HUNG_SECONDS = 10.0
LOOK_SECONDS = 0.5


class Watched(Protocol):
    """A hosted application, from outside."""

    @property
    def pid(self) -> int: ...

    def turns(self) -> int:
        """Return a number that grows while its event loop turns."""
        ...

    async def answer_readiness(self, *, ready: bool) -> None:
        """Have `/readyz` answered with 503 in its place, or by itself again."""
        ...


class Watchdog:
    """Looks again and again."""

    def __init__(
        self, *, deadline: float = DEADLINE_SECONDS, hung: float = HUNG_SECONDS, look: float = LOOK_SECONDS
    ) -> None:
        self._look = look
        # Counted in looks and not by a clock, which also goes on while this process itself is stopped.
        self._late = max(round(deadline / look), 1)
        self._most = max(round(hung / look), 1)
        self._unready: Watched | None = None

    async def until_hung(self, watched: Watched) -> None:
        """Return when its loop has not turned for so long that it should be ended.

        A process that was stopped by a signal is not hung: who stopped it will let it go on.
        """
        before, stood = 0, 0
        while stood < self._most:
            await asyncio.sleep(self._look)
            turns = watched.turns()
            if turns != before:
                before, stood = turns, 0
                await self._readiness(watched, ready=True)
            elif not is_stopped(watched.pid):
                stood += 1
                if stood >= self._late:
                    await self._readiness(watched, ready=False)

    async def _readiness(self, watched: Watched, *, ready: bool) -> None:
        """Change who answers `/readyz`, if that is not so yet."""
        if ready == (self._unready is not watched):
            return
        with suppress(ConnectionError):
            await watched.answer_readiness(ready=ready)
            self._unready = None if ready else watched


def is_stopped(pid: int) -> bool:
    """Return whether a process was stopped by a signal, or is gone."""
    return process_state(pid) in "TtZX"


def process_state(pid: int) -> str:
    """Return the one-letter state of a process; X where there is none."""
    try:
        return stat_fields(pid)[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
