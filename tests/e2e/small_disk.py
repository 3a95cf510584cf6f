"""A disk of its own for a process, small enough to be filled, which is gone with the process."""

import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_MOUNTED = 'mount -t tmpfs -o "size=$0,mode=0700" tidings "$1" && shift && exec "$@"'


def on_a_disk_of(size: str, folder: Path) -> Sequence[str]:
    """Return the beginning of a command whose rest sees a disk of this size (such as `24m`) in the folder's place."""
    unshare = shutil.which("unshare")
    assert unshare is not None, "unshare of util-linux is needed"
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return [unshare, "--mount", *rights, "--", "/bin/sh", "-c", _MOUNTED, size, str(folder)]


def seen_by(pid: int, folder: Path) -> Path:
    """Return where everybody else finds what a process sees in a folder."""
    return Path(f"/proc/{pid}/root{folder}")


@contextmanager
def filled(disk: Path) -> Generator[None]:
    """Leave no byte free on the disk for as long as the block takes."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for piece in (1 << 20, 4096):
                _write_all(file.fileno(), bytes(piece))
        assert os.statvfs(disk).f_bfree == 0
        yield
    finally:
        filler.unlink()


def _write_all(descriptor: int, piece: bytes) -> None:
    try:
        while True:
            os.write(descriptor, piece)
    except OSError:
        return
