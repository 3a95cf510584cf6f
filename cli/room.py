"""How much of the memory that there is each part of a process may fill with what it can do without.

Envoy's heap has a bound of its own (`hosting.heap_of`), in which most of what is filled here counts once more: whatever
Python asks for in pieces of more than 512 bytes comes from Envoy's allocator.

To be killed for want of memory costs all tenants their streams. To give up the oldest items of the topics that keep
most, or to refuse one request, costs a client little. What no part may fill is for Python and Envoy themselves.
"""

from typing import Final

from cli.memory import memory_bytes

HISTORY_BESIDE_A_ROUTER: Final = 4
HISTORY_ALONE: Final = 2
SLOW_READERS: Final = 8
UNFINISHED_REQUESTS: Final = 16
"""They may be twice as much together: see `http2.limits:Limits.held_bytes`."""


def fitted(most: int, part: int) -> int:
    """Return so many bytes, or one part of memory in `part` where that is less."""
    return min(most, memory_bytes() // part)
