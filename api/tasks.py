"""Ends tasks for certain, finishes work for certain, and does work again and again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

ONCE_MORE_SECONDS = 0.5

T = TypeVar("T")


async def end(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks and return when they have ended; one that a library kept from hearing of it is told again."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ONCE_MORE_SECONDS)


async def first(*work: Coroutine[Any, Any, None]) -> None:
    """Do these beside each other until one of them ends, and end the others; raise what that one raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(*tasks)
        await asyncio.gather(*tasks, return_exceptions=True)  # what they raised is nobody's any more


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; a caller that is cancelled meanwhile hears of it when the work has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as told:
            cancelled = told
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # is nobody's any more
        raise cancelled
    return task.result()


class Repeated:
    """Does something again and again.

    It is stopped between two times where they are short: work that is cancelled may leave behind what a library cannot
    tidy up.

    Args:
        work: Done each time; returns how many seconds to wait after it. It handles its own failures.
        patience_seconds: How long it may finish after `close`.
    """

    def __init__(self, work: Callable[[], Awaitable[float]], patience_seconds: float = 2.0) -> None:
        self._work = work
        self._patience_seconds = patience_seconds
        self._is_closed = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Do it again as soon as it can be done."""
        self._wake.set()

    async def close(self) -> None:
        """Stop."""
        self._is_closed = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=self._patience_seconds)
            await end(self._task)

    async def _run(self) -> None:
        while not self._is_closed:
            self._wake.clear()
            seconds = await self._work()
            if self._is_closed:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
