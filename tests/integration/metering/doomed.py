"""A program that counts and applies in one folder, and kills itself in the middle of it: see `test_kills.py`.

Arguments: the folder, how many messages to count, and at which executed line of the code under test to die, or 0.
Each message is noted in a file before and after it is counted, so that the books tell how many must be billed.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from accounts.batches.admission import Admission
from accounts.batches.consumer import Consumer
from accounts.batches.service import Batches
from accounts.clocks.service import Clocks
from accounts.database import Database, sqlite_url
from accounts.usage.service import Usage
from api.usage import DELIVERY, PUBLISH
from backplane.memory import MemoryUsage
from router.meters.flights import pack
from router.meters.handover import Metering

UNDER_TEST = ("/router/meters/", "/accounts/batches/", "/accounts/usage/")
WINDOW_SECONDS = 0.02
ROUTER = "router-1"


class Doom:
    """Counts executed lines of the code under test, in every thread, and kills the process at one of them."""

    def __init__(self, line: int) -> None:
        self.left = line

    def begin(self) -> None:
        threading.settrace(self.on_call)
        sys.settrace(self.on_call)

    def on_call(self, frame: FrameType, event: str, argument: object) -> Any:
        return self.on_line if any(part in frame.f_code.co_filename for part in UNDER_TEST) else None

    def on_line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.on_line


class Books:
    """How often something was about to be counted, and how often it was."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "books", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, word: bytes) -> None:
        os.write(self._descriptor, word)


async def run(folder: Path, messages: int, line: int) -> None:
    database = Database(sqlite_url(folder))
    await database.start()
    carrier = MemoryUsage(abandoned_seconds=0.2)
    consumer = Consumer(
        Batches(database, Usage(), Clocks(), used=lambda _: None), carrier, "accounts", Admission(None, folder)
    )
    if line:
        Doom(line).begin()
    consumer.start()
    router = Metering(folder / "usage", ROUTER, carrier, window_seconds=WINDOW_SECONDS)
    router.start(lambda _: False)
    books = Books(folder)
    publishes = router.meters.meter("acme", "cache", PUBLISH, "key:k")
    flights = router.seats.flights
    flight = flights.board(router.meters.meter("acme", "cache", DELIVERY, "token:t"))
    for _ in range(messages):
        publishes.ready()
        books.note(b"(")
        publishes.add(1, 1025, 2)
        books.note(b")")
        flight.begin(pack(9, 9 * 1025, 18))
        books.note(b"r")  # the client has it now
        flight.landed(9, 9 * 1025, 18)
        await asyncio.sleep(0.001)
    flights.leave(flight)
    if not line:
        await _all_applied(folder)
    await router.close()
    await consumer.close()
    await database.close()


async def _all_applied(folder: Path) -> None:
    """Wait until only the folder of this process is left."""
    ends = time.monotonic() + 30
    while len(list((folder / "usage").iterdir())) > 1 and time.monotonic() < ends:
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
