"""Starts processes that do not outlive the tests, however those end.

Each is started through this file run as a program, which leaves a watcher behind and becomes the process. The watcher
holds one end of a pipe whose other end is the tests' alone: when that closes, it kills the process and its children.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO


def popen(
    command: Sequence[str],
    *,
    folder: Path,
    stdout: IO[bytes],
    stderr: IO[bytes],
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, without standard input; `command` begins with the path of a program."""
    pipe = _theirs()
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(pipe), *command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=[pipe],
    )


@cache
def _theirs() -> int:
    theirs, _ours = os.pipe()  # ours is closed by the end of this process, and by nothing else
    return theirs


def main() -> None:
    """Leave a watcher behind, and become the process."""
    pipe, command = int(sys.argv[1]), sys.argv[2:]
    own = os.getpid()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _watch(pipe, own)
        os._exit(0)
    os.wait()
    os.close(pipe)
    os.execv(command[0], command)


def _watch(pipe: int, process: int) -> None:
    """Wait for the end of the tests or of the process; the tests' end is the process's."""
    with suppress(ProcessLookupError):
        guarded = os.pidfd_open(process)
        ended, _, _ = select.select([pipe, guarded], [], [])
        if guarded not in ended:
            os.killpg(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
