"""The folder that a supervisor keeps everything in, held by one at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self

from cli.refusals import DataFolderUnusable

LONGEST_SOCKET_PATH = 107
"""Linux's bound on the path of a unix socket, less its closing zero byte."""


class DataFolder:
    """A folder with a lock. The lock goes with the process, however it ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.run_dir = path / "run"
        self._descriptor = descriptor

    @classmethod
    def hold(cls, path: Path, command: str = "tidings up") -> Self:
        """Make the folder if it is not there, and lock it. `command` is what runs on such a folder.

        Raises:
            DataFolderUnusable: It cannot be written, another supervisor holds it, or its path is too long.
        """
        path = path.resolve()
        if len(os.fsencode(path / "run" / "10000" / "control.sock")) > LONGEST_SOCKET_PATH:
            msg = f"the path of the data folder is too long for the sockets in it: {path}"
            raise DataFolderUnusable(msg)
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (path / "run").mkdir(exist_ok=True, mode=0o700)
            descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"the data folder {path} cannot be written: {error.strerror}"
            raise DataFolderUnusable(msg) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            msg = f"the data folder {path} is in use by another `{command}` (process {holder})"
            raise DataFolderUnusable(msg) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(path, descriptor)

    def release(self) -> None:
        """Let the next one have it."""
        os.close(self._descriptor)
