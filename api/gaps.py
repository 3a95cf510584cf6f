"""Discontinuities that subscribers were told, as routers count them and the account service keeps them."""

from typing import Literal, NamedTuple, get_args

Cause = Literal["slow_reader", "retention", "page_reset", "node_loss", "drain", "link"]
"""Why a subscriber was told that something may be missing.

`slow_reader`: it fell further behind than the router keeps. `retention`: it asked for what the history no longer has.
`page_reset`: the topic has begun anew. `node_loss`: it has begun anew since the storage node that had it is gone
without a word. `drain`: it has begun anew although its node left in good order. `link`: items were missed between the
node and the router.
"""

CAUSES: tuple[Cause, ...] = get_args(Cause)


class GapLine(NamedTuple):
    """The discontinuities of one topic and cause in one window of a router.

    Attributes:
        cache: The cache's id; empty where too many had gaps to tell them apart.
        topic: Its name; empty for those of topics that were too many to tell apart, which have no numbers either.
        streams: How many were told: one for each stream and time.
        after: The lowest of the last numbers that subscribers had.
        until: The highest of the numbers that they went on with; of the newer page, where there is one.
    """

    account: str
    cache: str
    topic: str
    cause: Cause
    streams: int
    after: int = 0
    until: int = 0
