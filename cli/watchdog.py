"""Watches that the event loop of a hosted application turns, which nothing else would notice: Envoy goes on without it.

While it does not answer for a second, Envoy answers `/readyz` with 503 in its place, so that a load balancer sends its
traffic elsewhere; after ten without an answer to any question it is ended, and started again. One that answers late is
busy: it has a hundred thousand subscriptions to open, and to start it again would make them come again.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Protocol

DEADLINE_SECONDS = 1.0
HUNG_SECONDS = 10.0
LOOK_SECONDS = 0.5


class Watched(Protocol):
    """A hosted application, from outside."""

    @property
    def pid(self) -> int: ...

    async def state(self, timeout: float = ...) -> str | None:
        """Return what it says of itself, or nothing if it does not answer in time."""
        ...

    async def answer_readiness(self, *, ready: bool) -> None:
        """Have `/readyz` answered with 503 in its place, or by itself again."""
        ...


class Watchdog:
    """Asks again and again."""

    def __init__(
        self, *, deadline: float = DEADLINE_SECONDS, hung: float = HUNG_SECONDS, look: float = LOOK_SECONDS
    ) -> None:
        self._deadline = deadline
        self._look = look
        # Counted in unanswered questions and not by a clock, which also goes on while this process itself is stopped.
        self._most = max(round(hung / deadline), 1)
        self._unready: Watched | None = None

    async def until_hung(self, watched: Watched) -> None:
        """Return when it has not answered for so long that it should be ended.

        A question stays open beyond its deadline: asked anew each time, a slow process would never be heard. A process
        that was stopped by a signal is not hung: who stopped it will let it go on.
        """
        unanswered = 0
        while unanswered < self._most:
            began = asyncio.get_running_loop().time()
            asked = asyncio.ensure_future(watched.state(self._deadline * (self._most + 1)))
            try:
                while unanswered < self._most and not (await asyncio.wait((asked,), timeout=self._deadline))[0]:
                    unanswered += await self._missed(watched)
                if asked.done() and asked.result() is not None:
                    unanswered = 0
                    await self._readiness(watched, ready=True)
                    await asyncio.sleep(self._look)
                elif asked.done():
                    unanswered += await self._missed(watched)
                    # A socket that refuses answers at once.
                    await asyncio.sleep(began + self._deadline - asyncio.get_running_loop().time())
            finally:
                asked.cancel()

    async def _missed(self, watched: Watched) -> bool:
        """Take note that there was no answer by the deadline; return whether that counts."""
        if is_stopped(watched.pid):
            return False
        await self._readiness(watched, ready=False)
        return True

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
    """Return the one-letter state of a process; it follows the name, which may itself hold brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"
