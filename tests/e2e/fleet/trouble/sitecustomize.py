"""Loaded by the Python inside Envoy, or a storage node, to make trouble there: a supervisor has to notice.

A file tells for how many seconds all of it is to stand still, as in a synchronous call, and another one how many
seconds its time of day is off. (A library that fakes the time of a whole process cannot be loaded into Envoy.)
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LOOK_SECONDS = 0.05


class WrongClock:
    """The time of day, and a second that the file tells."""

    def __init__(self, told: Path) -> None:
        self.off = 0.0
        self._told = told
        self._right, self._right_ns = time.time, time.time_ns
        time.time, time.time_ns = self.seconds, self.nanoseconds

    def seconds(self) -> float:
        return self._right() + self.off

    def nanoseconds(self) -> int:
        return self._right_ns() + round(self.off * 1e9)

    def look(self) -> None:
        self.off = float(self._told.read_text())


class Blockade:
    """Keeps the interpreter's lock for as long as the file tells, once."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def look(self) -> None:
        seconds = int(self._told.read_text())
        self._told.unlink()
        ctypes.PyDLL(None).sleep(seconds)  # unlike CDLL, this keeps the lock


def obey(look: Callable[[], None]) -> None:
    while True:
        with suppress(FileNotFoundError, ValueError):  # nothing is told, or not all of it yet
            look()
        time.sleep(LOOK_SECONDS)


if Path("/proc/self/exe").readlink().name == "envoy" or sys.orig_argv[-1:] == ["storage"]:
    for name, kind in (("TESTS_CLOCK_FILE", WrongClock), ("TESTS_BLOCK_FILE", Blockade)):
        if name in os.environ:
            threading.Thread(target=obey, args=(kind(Path(os.environ[name])).look,), daemon=True).start()
