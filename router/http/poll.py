"""One long poll: what there is at once, or what comes first."""

import asyncio

from api.errors import StreamMoved
from api.gone import ClientGone
from router.http.departure import Departure
from router.http.messages import Json, as_json, messages
from router.subscription import Subscription


async def poll(subscription: Subscription, departure: Departure, seconds: float) -> list[Json]:
    """Return at least one item or discontinuity, or nothing where nothing comes within `seconds`.

    Where a discontinuity is the last of them, nothing that follows it is retained; so whoever goes on with the number
    after the one it names misses nothing.

    Raises:
        ClientGone: the client has left.
        TidingsError: the subscription has ended, for this reason.
    """
    found = await _told(subscription)  # the opening is there at once
    if found:
        return found
    try:
        async with asyncio.timeout(seconds):
            while not found or "discontinuity" in found[-1]:
                if not found and await departure.happened():  # nobody tells whoever only waits
                    raise ClientGone
                found += await _told(subscription)
    except (TimeoutError, StreamMoved):
        pass  # the client asks again, of another process if this one ends
    return found


async def _told(subscription: Subscription) -> list[Json]:
    told = [as_json(message) for message in messages(await subscription.next())]
    return [message for message in told if message is not None]
