"""How the streams of a router are ended: evenly over some time, so that their clients do not come back all at once."""

import asyncio

from router.router import Router

STEP_SECONDS = 0.1


async def end_streams(router: Router, seconds: float) -> None:
    """End all streams, evenly spread over `seconds`, and open no more; return when all have been told to end."""
    router.drain()
    steps = max(round(seconds / STEP_SECONDS), 1)
    each_step = -(-len(router.subscriptions) // steps)
    for _ in range(steps):
        if not router.end_some(each_step):
            return
        await asyncio.sleep(STEP_SECONDS)
