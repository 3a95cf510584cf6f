"""A file that several processes append whole lines to, and that may be moved away at any time.

Lines are written once in a second, by a thread: nobody waits for a disk, and where it has no room lines are lost.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from api.tasks import end

WRITE_SECONDS: Final = 1.0
MOST_WAITING: Final = 100_000
"""Lines, while a disk is slow. Those beyond are lost."""

_log = logging.getLogger(__name__)


class LineFile:
    """What waits for one file."""

    def __init__(self, path: Path, *, write_seconds: float = WRITE_SECONDS, most_waiting: int = MOST_WAITING) -> None:
        self._path = path
        self._write_seconds = write_seconds
        self._most_waiting = most_waiting
        self._waiting: list[bytes] = []
        self._too_many = 0
        self._lost = 0
        self._is_torn = False
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="access-log")
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<LineFile {self._path}, {len(self._waiting)} waiting, {self._lost} lost>"

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write what waits, and no more."""
        if self._task is not None:
            await end(self._task)
        await self._flush()
        self._disk.shutdown()

    def put(self, line: bytes) -> None:
        """Have a line written, with its end."""
        if len(self._waiting) < self._most_waiting:
            self._waiting.append(line)
        else:
            self._too_many += 1

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._write_seconds)
            if self._waiting:
                await self._flush()

    async def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        too_many, self._too_many = self._too_many, 0
        writing = asyncio.get_running_loop().run_in_executor(self._disk, self._write, b"".join(lines), too_many)
        await asyncio.shield(writing)  # what is cancelled before its thread begins would be lost

    def _write(self, lines: bytes, lost: int) -> None:
        start, reason = b"\n" if self._is_torn else b"", "the disk is slow"
        try:
            with self._path.open("ab", buffering=0) as file:  # anew, since it may have been moved
                written = file.write(start + lines)
        except OSError as error:
            written, reason = 0, str(error)
        if written:
            self._is_torn = not (start + lines).endswith(b"\n", 0, written)
        lost += lines.count(b"\n", max(written - len(start), 0))
        if lost and not self._lost:
            _log.warning("lines of %s are lost: %s", self._path.name, reason)
        elif self._lost and not lost:
            _log.warning("%s is written again; %d lines of it were lost", self._path.name, self._lost)
        self._lost = self._lost + lost if lost else 0
