"""A disk that takes its time, for processes that run: strace holds up each call that waits for it."""

import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests.e2e.service import until

DELAY_SECONDS = 0.7
"""Added to each fsync and fdatasync, unless a test says otherwise."""


@contextmanager
def slow_disk(pids: Sequence[int], seconds: float = DELAY_SECONDS) -> Generator[None]:
    """Slow the disk of these processes, and of those that they start, down for as long as the block takes."""
    strace = shutil.which("strace")
    assert strace is not None, "strace is needed"
    delay = f"inject=fsync,fdatasync:delay_enter={round(seconds * 1e6)}"
    of = [word for pid in pids for word in ("-p", str(pid))]
    with TemporaryFile() as said:  # nobody reads a pipe meanwhile
        tracing = subprocess.Popen(
            [strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", delay, *of], stdout=said, stderr=said
        )
        try:
            until(lambda: tracing.poll() is not None or all(map(_is_traced, pids)), what="a trace of all")
            assert tracing.poll() is None, _text(said)
            yield
        finally:
            tracing.terminate()  # it lets go of them first
            tracing.wait(10)


def _is_traced(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("TracerPid:")).split()[1] != "0"


def _text(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace")
