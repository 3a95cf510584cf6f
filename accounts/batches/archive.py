"""A second copy of what routers counted, outside the database: it brings a backup that was restored up to date.

A router deletes a batch when it is known to be applied. Where the database then goes back to an older state, nobody
else would have it. A process writes a file of its own for each day of UTC, of records: four bytes with the length, and
a batch as its router wrote it. A record that was cut off can only be the last one of a file.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

KEPT_DAYS = 8
"""A backup that is older than this cannot be brought up to date."""

_LENGTH_BYTES = 4
_ENDING = ".batches"


class Archive:
    """A folder of batches that were applied."""

    def __init__(self, folder: Path, name: str, now: Callable[[], float] = time.time) -> None:
        """`name` tells this process apart from all others that write there."""
        self._folder = folder
        self._name = name
        self._now = now
        self._day = ""
        self._file: BinaryIO | None = None

    def __repr__(self) -> str:
        return f"<Archive {self._folder}, {self._day or 'nothing yet'}>"

    def keep(self, payloads: Sequence[bytes]) -> None:
        """Return when batches are on disk.

        Raises:
            OSError: they cannot be written.
        """
        file = self._today()
        file.write(b"".join(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload for payload in payloads))
        file.flush()
        os.fsync(file.fileno())

    def close(self) -> None:
        """Write nothing more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _today(self) -> BinaryIO:
        today = datetime.fromtimestamp(self._now(), UTC)
        day = today.date().isoformat()
        if self._file is None or day != self._day:
            self.close()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            oldest = (today - timedelta(days=KEPT_DAYS)).date().isoformat()
            for file in self._folder.glob(f"*{_ENDING}"):
                if file.name < oldest:
                    file.unlink(missing_ok=True)
            path = self._folder / f"{day}.{self._name}{_ENDING}"
            path.touch(mode=0o600)
            self._file = path.open("ab")
            self._day = day
        return self._file


def batches(folder: Path) -> Iterator[bytes]:
    """Yield all batches of a folder; some may be there twice."""
    for path in sorted(folder.glob(f"*{_ENDING}")):
        with path.open("rb") as file:
            while len(head := file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
                length = int.from_bytes(head, "big")
                payload = file.read(length)
                if len(payload) == length:
                    yield payload
