"""The folder in which one boot of a router keeps its windows until they are applied. It outlives the process.

Whoever holds the lock of a folder may seal and delete what is in it: first the process that counts there, and when that
is dead, however it ended, another process of the same router. Two may be alive at the same time, as during a restart.
"""

import contextlib
import fcntl
import mmap
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from router.meters.window import Window

WINDOW_BYTES = 1024 * 1024
SMALLEST_WINDOW_BYTES = 16 * 1024
FLIGHTS_BYTES = 1024 * 1024

UNFINISHED_SECONDS = 60.0
"""A folder that is being made for longer belongs to nobody."""

_ROUTER, _LOCK, _SPARE, _NEW = "router", "lock", "spare", ".new-"
_WINDOW, _FLIGHTS = "window-", "flights-"


class Folder:
    """The windows of one boot, on disk.

    Attributes:
        router: The id of the router.
        boot: Tells this life of its process from all others.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take a folder whose lock is held by `descriptor`."""
        self.path = path
        self.boot = path.name
        self.router = (path / _ROUTER).read_text(encoding="utf-8")
        self._descriptor = descriptor

    def __repr__(self) -> str:
        return f"<Folder {self.boot} of {self.router}>"

    @classmethod
    def make(cls, parent: Path, router: str) -> "Folder":
        """Make the folder of a new boot.

        Raises:
            OSError: it cannot be made, for instance because the disk is full.
        """
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        boot = f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(6)}"  # the older one is first by name
        unfinished = parent / f"{_NEW}{boot}"
        unfinished.mkdir(mode=0o700)
        (unfinished / _ROUTER).write_text(router, encoding="utf-8")
        descriptor = _locked(unfinished)
        unfinished.rename(parent / boot)
        return cls(parent / boot, descriptor)

    @classmethod
    def adopt(cls, parent: Path) -> Iterator["Folder"]:
        """Return the folders of boots that are dead, with their locks."""
        for path in sorted(parent.iterdir()) if parent.is_dir() else ():
            if not path.is_dir() or (path.name.startswith(_NEW) and _is_fresh(path)):
                continue
            try:
                descriptor = _locked(path)
            except OSError:
                continue  # its process is alive, or it is gone by now
            if path.name.startswith(_NEW) or not (path / _ROUTER).is_file():
                shutil.rmtree(path, ignore_errors=True)  # nothing was ever counted in it
                os.close(descriptor)
            else:
                yield cls(path, descriptor)

    def open_window(self, number: int, minute: int) -> Window:
        """Return a new window.

        Raises:
            OSError: there is no room for one.
        """
        spare = self.path / _SPARE
        if not spare.exists():
            self.prepare()
        window = Window(_mapped(spare), number, minute)
        spare.rename(self._window(number))
        return window

    def prepare(self) -> None:
        """Have the next window ready, all of it on disk, so that no store into it can fail for want of room.

        Raises:
            OSError: there is no room for one.
        """
        spare = self.path / _SPARE
        if spare.exists():
            return
        size = WINDOW_BYTES
        while True:
            try:
                self._allocate(spare, size)
                break
            except OSError:
                size //= 4
                if size < SMALLEST_WINDOW_BYTES:
                    raise

    def open_flights(self, number: int) -> mmap.mmap:
        """Return a piece of memory for what is under way.

        Raises:
            OSError: there is no room for one.
        """
        path = self.path / f"{_FLIGHTS}{number}"
        self._allocate(path, FLIGHTS_BYTES)
        return _mapped(path)

    def flights(self) -> Sequence[bytes]:
        """Return all of what was under way."""
        return [path.read_bytes() for path in sorted(self.path.glob(f"{_FLIGHTS}*"))]

    def remove_flights(self) -> None:
        """Delete what was under way."""
        for path in self.path.glob(f"{_FLIGHTS}*"):
            path.unlink()

    def numbers(self) -> Sequence[int]:
        """Return the numbers of the windows that are there, in their order."""
        return sorted(int(path.name.removeprefix(_WINDOW)) for path in self.path.glob(f"{_WINDOW}*"))

    def read(self, number: int) -> bytes:
        """Return the bytes of a window."""
        return self._window(number).read_bytes()

    def shorten(self, number: int, used_bytes: int) -> None:
        """Have a window that is mapped no more safely on disk, and no more of it than is in use."""
        os.truncate(self._window(number), used_bytes)
        self.synchronise(number)

    def synchronise(self, number: int) -> None:
        """Have what a window holds on disk.

        Not by the flush of `mmap`, which waits for the disk while no other thread can run.
        """
        descriptor = os.open(self._window(number), os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def map(self, number: int) -> mmap.mmap:
        """Return the memory of a window that a dead process has left."""
        return _mapped(self._window(number))

    def write(self, number: int, data: bytes | bytearray) -> None:
        """Have a window with this content there, whole or not at all.

        Raises:
            OSError: there is no room for it.
        """
        unfinished = self.path / f"{_NEW}{_WINDOW}"
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._window(number))

    def remove(self, number: int) -> None:
        """Delete a window."""
        self._window(number).unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Delete the folder, and let go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Leave the folder to whoever takes it next."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _allocate(self, path: Path, size: int) -> None:
        unfinished = path.with_name(f"{_NEW}{path.name}")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            unfinished.unlink()
            raise
        finally:
            os.close(descriptor)
        unfinished.rename(path)

    def _window(self, number: int) -> Path:
        return self.path / f"{_WINDOW}{number:012}"


def _mapped(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return mmap.mmap(descriptor, 0)
    finally:
        os.close(descriptor)


def _is_fresh(path: Path) -> bool:
    """Whether somebody may be about to finish a folder."""
    with contextlib.suppress(OSError):
        return path.stat().st_mtime > time.time() - UNFINISHED_SECONDS
    return True


def _locked(path: Path) -> int:
    descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
