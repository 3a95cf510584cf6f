"""Writes that are under way, in memory that outlives the process.

A delivery counts when its write is done. The process may be killed when a client has what was written to it, and before
that was counted; so what is under way then counts as well, and no client ever got more than is billed.
"""

import mmap
from collections.abc import Callable, Iterator

from router.meters.meters import Meter
from router.meters.window import WORD, Key, Memory

SLOT_BYTES = 512
_SLOT_WORDS = SLOT_BYTES // WORD
_NAME_BYTES, _NAME = 1, 2
LONGEST_NAME = SLOT_BYTES - _NAME * WORD

_MOST_MESSAGES, _MOST = (1 << 16) - 1, (1 << 24) - 1


def pack(messages: int, size: int, operations: int) -> int:
    """Return the numbers of one write in one word; more than fit into it are as many as do."""
    return min(messages, _MOST_MESSAGES) << 48 | min(operations, _MOST) << 24 | min(size, _MOST)


class Flight:
    """The writes to one subscriber, one after the other."""

    __slots__ = ("_at", "_meter", "_words")

    def __init__(self, meter: Meter, words: "memoryview[int] | list[int]", at: int) -> None:
        self._meter = meter
        self._words = words
        self._at = at

    def begin(self, packed: int) -> None:
        """Note what is written now, as `pack` returns it."""
        self._words[self._at] = packed

    def landed(self, messages: int, size: int, operations: int) -> None:
        """Count what was written."""
        self._meter.add(messages, size, operations)
        self._words[self._at] = 0

    def lost(self) -> None:
        """Count nothing: the write failed."""
        self._words[self._at] = 0


class Flights:
    """A slot for each subscriber, as far as there is room; who has none is served like the others."""

    def __init__(self, open_memory: Callable[[int], Memory]) -> None:
        """`open_memory` returns memory that holds zeros, the next piece of it, or raises OSError."""
        self._open_memory = open_memory
        self._pieces: list[memoryview[int]] = []
        self._free: list[tuple[memoryview[int], int]] = []

    def __repr__(self) -> str:
        return f"<Flights {len(self._pieces)} pieces, {len(self._free)} slots free>"

    def board(self, meter: Meter) -> Flight:
        """Return a slot for the writes that a meter counts, until `leave`."""
        name = "\0".join(meter.key).encode()
        slot = self._slot() if len(name) <= LONGEST_NAME else None
        if slot is None:
            return Flight(meter, [0] * _NAME, 0)
        words, at = slot
        words[at] = 0
        words[at + _NAME_BYTES] = len(name)
        padded = name.ljust(-(-len(name) // WORD) * WORD, b"\0")
        words[at + _NAME : at + _NAME + len(padded) // WORD] = memoryview(padded).cast("Q")
        return Flight(meter, words, at)

    def leave(self, flight: Flight) -> None:
        """Give a slot back; what was under way counts no more."""
        flight.lost()
        if isinstance(flight._words, memoryview):  # noqa: SLF001 - a flight is a part of this
            self._free.append((flight._words, flight._at))  # noqa: SLF001

    def _slot(self) -> "tuple[memoryview[int], int] | None":
        if not self._free:
            try:
                words = memoryview(self._open_memory(len(self._pieces))).cast("Q")
            except OSError:
                return None
            self._pieces.append(words)
            self._free += [(words, at) for at in range(0, len(words), _SLOT_WORDS)]
        return self._free.pop()


def under_way(data: bytes | bytearray | mmap.mmap) -> Iterator[tuple[Key, tuple[int, int, int]]]:
    """Return what was under way, from the bytes of one piece of memory."""
    words = memoryview(data).cast("Q")
    for at in range(0, len(words) - _SLOT_WORDS + 1, _SLOT_WORDS):
        packed = words[at]
        if packed:
            start, length = (at + _NAME) * WORD, min(words[at + _NAME_BYTES], LONGEST_NAME)
            account, cache, meter, principal = bytes(data[start : start + length]).decode().split("\0")
            yield (account, cache, meter, principal), (packed >> 48, packed & _MOST, packed >> 24 & _MOST)
    words.release()
