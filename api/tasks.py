"""Ends tasks for certain."""

import asyncio

ONCE_MORE_SECONDS = 0.5


async def end(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks and return when they have ended; one that a library kept from hearing of it is told again."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ONCE_MORE_SECONDS)
