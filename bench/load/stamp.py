"""Payloads that carry the moment they were sent, so that any protocol's bytes can be searched for them."""

import re
import time
from typing import Final

_STAMP: Final = re.compile(rb"@(\d{20})@")
STAMP_BYTES: Final = 22


def stamped(size: int) -> bytes:
    """Return a payload of `size` bytes that says what the monotonic clock shows now, in nanoseconds."""
    return (b"@%020d@" % time.monotonic_ns()).ljust(size, b"x")


class StampReader:
    """Finds the stamps in the bytes of one connection, also where a chunk's end cuts one in two."""

    def __init__(self) -> None:
        self._tail = b""

    def find(self, chunk: memoryview) -> list[int]:
        """Return the stamps, in nanoseconds, that this chunk completes."""
        text = self._tail + bytes(chunk)
        end = 0
        found: list[int] = []
        for match in _STAMP.finditer(text):
            found.append(int(match[1]))
            end = match.end()
        self._tail = text[max(end, len(text) - STAMP_BYTES + 1) :]
        return found
