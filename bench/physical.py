"""What the machine itself can do: copies of memory, and calls of the kernel that carry a message."""

import ctypes
import os
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

COPIES: Final = 2
"""Of each byte that is delivered: into the sender's socket, and out of it into the reader."""

PAIRS: Final = 2
"""A publish that is acknowledged by itself is sent and received, and so is its acknowledgement."""

_BLOCK_BYTES: Final = 64 * 2**20
_COPIES: Final = 8
_CALLS: Final = 50_000
_MESSAGE: Final = b"x" * 128


@dataclass(frozen=True)
class Costs:
    """Measured once, before a run.

    Attributes:
        copied_bytes: A second, by all cores together, between blocks that no cache holds.
        pair_seconds: Of CPU, to send 128 bytes over loopback TCP and to receive them.
    """

    cores: int
    copied_bytes: float
    pair_seconds: float

    @staticmethod
    def measure() -> "Costs":
        """Measure for less than a second."""
        cores = len(os.sched_getaffinity(0))
        return Costs(cores, _copied_bytes(cores), _pair_seconds())

    def limits(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return what would be the most of a scenario's figures, by their names, if only the machine counted."""
        found: dict[str, float] = {}
        if "megabytes" in values:
            found["megabytes"] = self.copied_bytes / COPIES / 1e6
        if "publishes" in values:
            found["publishes"] = self.cores / (PAIRS * self.pair_seconds)
        return found

    def __str__(self) -> str:
        return (
            f"{self.copied_bytes / 1e9:.1f} GB/s copied by all cores; {self.pair_seconds * 1e6:.1f} µs of CPU to send "
            "a message over loopback TCP and receive it"
        )


def _copied_bytes(cores: int) -> float:
    block = ctypes.create_string_buffer
    blocks = [(block(_BLOCK_BYTES), block(_BLOCK_BYTES)) for _ in range(cores)]

    def copy(number: int) -> None:
        to, source = blocks[number]
        for _ in range(_COPIES):
            ctypes.memmove(to, source, _BLOCK_BYTES)  # without the interpreter's lock

    for number in range(cores):
        copy(number)  # so that all pages are there
    with ThreadPoolExecutor(cores) as threads:
        began = time.perf_counter()
        list(threads.map(copy, range(cores)))
        return cores * _COPIES * _BLOCK_BYTES / (time.perf_counter() - began)


def _pair_seconds() -> float:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sender:
        reader, _ = server.accept()
        buffer = bytearray(len(_MESSAGE))
        used = time.process_time()
        for _ in range(_CALLS):
            sender.send(_MESSAGE)
            reader.recv_into(buffer)
        used = time.process_time() - used
        reader.close()
    return used / _CALLS
