"""Counts the turns of an application's event loop where its supervisor can read them, without asking for them.

The count is in a file that both have mapped, or read: to see that the loop turns takes the loop a store into memory and
the supervisor a look, and neither an answer nor a connection, which come late while there is much else to do.
"""

import asyncio
import mmap
from contextlib import suppress
from pathlib import Path

FILE = "turns"
EVERY_SECONDS = 0.25
"""Less than the seconds without a turn after which a process is called unready, and seldom enough to cost nothing."""

_BYTES = 8


def turns(path: Path) -> int:
    """Return how often a loop was seen to turn; 0 where there is none yet, or no more."""
    with suppress(FileNotFoundError):
        return int.from_bytes(path.read_bytes(), "little")
    return 0


class Turns:
    """The count of the loop that `start` is called in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory: mmap.mmap | None = None
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Turns {self._count}>"

    def start(self) -> None:
        """Count from now on.

        Raises:
            OSError: there is no room for the file.
        """
        # All of it is written first: memory without room on the disk would end its process.
        self._path.write_bytes(bytes(_BYTES))
        with self._path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _BYTES)
        self._turn(self._memory)

    def close(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._memory is not None:
            self._memory.close()

    def _turn(self, memory: mmap.mmap) -> None:
        self._count += 1
        memory[:] = self._count.to_bytes(_BYTES, "little")
        self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self._turn, memory)
