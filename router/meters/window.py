"""The counters of one window, in memory that may outlive the process: that of a mapped file.

Each row has its numbers twice. A count writes the copy that is not in force, and then the one word that says which copy
is: a store of eight bytes is done or not done when the process is killed, so no count is ever half there.
"""

import mmap
from collections.abc import Iterator
from typing import NamedTuple

from api.gaps import CAUSES, Cause, GapLine
from api.usage import CONCURRENCY, SUBSCRIPTION, Line

WORD = 8
HEADER_WORDS = 16
NO_DIGEST = b""
DIGEST_BYTES = 32

_MAGIC = int.from_bytes(b"tidusage", "little")
_NUMBER, _MINUTE, _USED, _LAST, _SEALED, _FLIGHTS, _DIGEST = 1, 2, 3, 4, 5, 6, 8
_COPY_A, _COPY_B, _KEY = 2, 6, 10
"""Places in a row, after its length and the word that says which copy counts: the copies, and the key's length."""

GAP = "gap."
"""What begins the meter of discontinuities; the cause follows, and the topic stands in the principal's place."""

_GAPS: dict[str, Cause] = {GAP + cause: cause for cause in CAUSES}

Memory = bytearray | mmap.mmap

Key = tuple[str, str, str, str]
"""Account, cache id, meter and principal."""

_Numbers = tuple[int, int, int]


class Full(Exception):
    """The window has no room for another row."""


class Damaged(Exception):
    """These bytes are not a window, or not a whole one."""


class Row:
    """The numbers of one key: messages, bytes and operations; or seconds; or a peak; or streams and their gap."""

    __slots__ = ("_both", "_flip", "_spare", "_words", "first", "second", "third")

    def __init__(self, words: "memoryview[int]", start: int) -> None:
        self._words = words
        self._flip = start + 1
        self._spare = start + _COPY_B
        self._both = 2 * start + _COPY_A + _COPY_B
        self.first = self.second = self.third = 0

    def add(self, first: int, second: int = 0, third: int = 0) -> None:
        """Add to the numbers, all of them or, if the process is killed, none."""
        words, spare = self._words, self._spare
        self.first = one = self.first + first
        self.second = two = self.second + second
        self.third = three = self.third + third
        words[spare] = one
        words[spare + 1] = two
        words[spare + 2] = three
        words[self._flip] = spare
        self._spare = self._both - spare

    def widen(self, first: int, after: int, until: int) -> None:
        """Add to the first number, and have the others reach from `after` or less until `until` or more."""
        lowest = min(self.second, after) if self.first else after
        self.add(first, lowest - self.second, max(self.third, until) - self.third)

    def raise_to(self, first: int) -> None:
        """Make the first number this one, if that is higher."""
        if first > self.first:
            self.add(first - self.first)


class Contents(NamedTuple):
    """What a window holds.

    Attributes:
        gaps: The lines of discontinuities.
        previous: The digest of the batch before; None while that is not known.
        has_flights: It holds what was under way when its process was killed.
    """

    number: int
    minute: int
    lines: list[Line]
    gaps: list[GapLine]
    last: bool
    previous: bytes | None
    has_flights: bool


class Window:
    """The rows of one window; its number and its minute are those of the batch that it will be."""

    def __init__(self, memory: Memory, number: int, minute: int) -> None:
        """Begin a window in memory that holds zeros."""
        self.memory = memory
        self.number = number
        self.rows: dict[Key, Row] = {}
        self._words = memoryview(memory).cast("Q")
        self._used = HEADER_WORDS
        self._words[_NUMBER] = number
        self._words[_USED] = HEADER_WORDS
        self.begin(minute)
        self._words[0] = _MAGIC

    def __repr__(self) -> str:
        return f"<Window {self.number}, {len(self.rows)} rows>"

    @property
    def has_counted(self) -> bool:
        """Whether anything was counted."""
        return any(row.first for row in self.rows.values())

    def has_only(self, *meters: str) -> bool:
        """Whether nothing was counted but by these meters."""
        return all(key[2] in meters for key, row in self.rows.items() if row.first)

    def begin(self, minute: int) -> None:
        """Count for this minute from now on; nothing must have been counted."""
        self.minute = minute
        self._words[_MINUTE] = minute

    def row(self, key: Key) -> Row:
        """Return the row of a key, which is made if it is not there.

        Raises:
            Full: there is no room for it.
        """
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = self._new_row("\0".join(key).encode())
        return row

    def mark_flights(self) -> None:
        """Note that this window holds what was under way when its process was killed."""
        self._words[_FLIGHTS] = 1

    def close(self) -> None:
        """Let go of the memory; what was counted is in the file then, and on disk when that is synchronised."""
        self.rows.clear()
        self._words.release()
        if isinstance(self.memory, mmap.mmap):
            self.memory.close()

    def _new_row(self, name: bytes) -> Row:
        start, length = self._used, _KEY + 1 + -(-len(name) // WORD)
        words = self._words
        if start + length > len(words):
            raise Full
        words[start] = length
        words[start + 1] = start + _COPY_A
        words[start + _KEY] = len(name)
        place = (start + _KEY + 1) * WORD
        self.memory[place : place + len(name)] = name
        self._used = words[_USED] = start + length  # from here on it is there
        return Row(words, start)


def seal(memory: Memory, previous: bytes, *, last: bool = False) -> int:
    """Note in a window what its batch says besides the lines; return how many bytes of it are in use.

    Nothing may be counted in it any more.
    """
    words = memoryview(memory).cast("Q")
    place = _DIGEST * WORD
    memory[place : place + len(previous)] = previous
    words[_LAST] = last
    words[_SEALED] = 1 + bool(previous)
    used = words[_USED] * WORD
    words.release()
    return used


def read(data: bytes | bytearray) -> Contents:
    """Return what a window holds, from its bytes or as many of them as are in use.

    Raises:
        Damaged: the bytes are not a window, or not all that is in use is there.
    """
    words = memoryview(data)[: len(data) // WORD * WORD].cast("Q")
    if len(words) < HEADER_WORDS or words[0] != _MAGIC or not HEADER_WORDS <= words[_USED] <= len(words):
        raise Damaged
    try:
        rows = list(_rows(data, words))
        lines = [_line(*key, numbers) for key, numbers in rows if key[2] not in _GAPS]
        gaps = [_gap(*key, numbers) for key, numbers in rows if key[2] in _GAPS]
        place = _DIGEST * WORD
        digest = bytes(data[place : place + DIGEST_BYTES])
        previous = {0: None, 1: NO_DIGEST, 2: digest}[words[_SEALED]]
    except (LookupError, ValueError) as reason:
        raise Damaged from reason
    return Contents(words[_NUMBER], words[_MINUTE], lines, gaps, bool(words[_LAST]), previous, bool(words[_FLIGHTS]))


def _rows(data: bytes | bytearray, words: "memoryview[int]") -> Iterator[tuple[Key, _Numbers]]:
    start, used = HEADER_WORDS, words[_USED]
    while start < used:
        length, copy, name_bytes = words[start], words[start + 1], words[start + _KEY]
        place = (start + _KEY + 1) * WORD
        is_whole = _KEY < length <= used - start and name_bytes <= (length - _KEY - 1) * WORD
        if not is_whole or copy not in {start + _COPY_A, start + _COPY_B}:
            raise ValueError(start)
        numbers = (words[copy], words[copy + 1], words[copy + 2])
        if numbers[0]:
            account, cache, meter, principal = data[place : place + name_bytes].decode().split("\0")
            yield (account, cache, meter, principal), numbers
        start += length


def _gap(account: str, cache: str, meter: str, topic: str, numbers: _Numbers) -> GapLine:
    return GapLine(account, cache, topic, _GAPS[meter], *numbers)


def _line(account: str, cache: str, meter: str, principal: str, numbers: _Numbers) -> Line:
    match meter:
        case "subscription":
            return Line(account, cache, SUBSCRIPTION, principal, seconds=numbers[0])
        case "concurrency":
            return Line(account, cache, CONCURRENCY, principal, peak=numbers[0])
        case _:
            return Line(account, cache, meter, principal, *numbers)
