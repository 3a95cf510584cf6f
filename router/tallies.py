"""What a run of frames is to be counted as, found by a subtraction; no I/O.

Frames are joined into one write, and nobody looks into them again: so the log keeps, for each of its positions, how
much all frames up to it are.
"""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from api.items import item_size
from api.usage import OPERATION_BYTES
from router.meters.flights import pack


class Tally(NamedTuple):
    """So many messages, bytes of values, and operations; `packed` is all of it in one word, see `Flight`."""

    messages: int
    bytes: int
    operations: int
    packed: int

    def plus(self, other: "Tally") -> "Tally":
        """Return both together."""
        return told(self.messages + other.messages, self.bytes + other.bytes, self.operations + other.operations)


def told(messages: int, size: int, operations: int) -> Tally:
    """Return a tally of these numbers."""
    return Tally(messages, size, operations, pack(messages, size, operations))


NOTHING = Tally(0, 0, 0, 0)


class Tallies:
    """How much the frames at consecutive positions are, each together with all before it. They start at position 0."""

    __slots__ = ("_bytes", "_messages", "_operations")

    def __init__(self) -> None:
        self._messages = array("q", [0])
        self._bytes = array("q", [0])
        self._operations = array("q", [0])

    def add_item(self, size: int) -> None:
        """Add the frame of an item whose value has this many bytes."""
        self._messages.append(self._messages[-1] + 1)
        self._bytes.append(self._bytes[-1] + size)
        operations = (size + OPERATION_BYTES - 1) // OPERATION_BYTES or 1  # as in api.usage, without the call
        self._operations.append(self._operations[-1] + operations)

    def add_other(self) -> None:
        """Add a frame that counts as nothing."""
        self._messages.append(self._messages[-1])
        self._bytes.append(self._bytes[-1])
        self._operations.append(self._operations[-1])

    def between(self, start: int, end: int) -> Tally:
        """Return how much the frames from position `start` to before `end` are."""
        messages, sizes, operations = self._messages, self._bytes, self._operations
        return told(messages[end] - messages[start], sizes[end] - sizes[start], operations[end] - operations[start])

    def drop(self, count: int) -> None:
        """Forget the first positions; those that follow move down."""
        for sums in (self._messages, self._bytes, self._operations):
            del sums[:count]


def tally(frames: Iterable[bytes]) -> Tally:
    """Return how much these frames of items are."""
    sizes = [item_size(frame) for frame in frames]
    operations = sum((size + OPERATION_BYTES - 1) // OPERATION_BYTES or 1 for size in sizes)
    return told(len(sizes), sum(sizes), operations)
