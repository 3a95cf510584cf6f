"""Subscribers that note, for each message, how long ago it was sent."""

import time
from typing import Final

from bench.load.connections import Wire
from bench.load.messages import Expect, Latencies, Ready
from bench.load.reader import Reader, ReaderSpec
from bench.load.stamp import StampReader
from bench.load.window import cpu_seconds
from bench.load.worker import Pipe
from bench.protocols.interface import Subscribing

_SET_UP_SECONDS: Final = 20.0
_DRAIN_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 0.05


class LatencyReader:
    """Measures each delivery on each connection of a reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stamps = {wire.socket: StampReader() for wire in reader.connections.wires}
        self.seconds: list[float] = []

    def read(self) -> None:
        """Wait a moment for something, and measure what has come."""
        self._reader.connections.read(_TICK_SECONDS, self._arrived)

    def _arrived(self, wire: Wire[Subscribing], chunk: memoryview) -> None:
        now = time.monotonic_ns()
        self.seconds += [(now - sent) / 1e9 for sent in self._stamps[wire.socket].find(chunk)]


def read_latencies(spec: ReaderSpec, pipe: Pipe) -> None:
    """Say Ready, read until Expect comes and is met, and say Latencies."""
    reader = Reader(spec)
    reader.set_up()
    latencies = LatencyReader(reader)
    before = cpu_seconds()
    pipe.send(Ready())
    reader.connections.watch(pipe.fileno())
    while not pipe.waiting():
        latencies.read()
    owed = (pipe.receive(Expect, 0).messages or 0) * spec.connections
    deadline = time.monotonic() + _DRAIN_SECONDS
    while len(latencies.seconds) < owed and time.monotonic() < deadline:
        latencies.read()
    pipe.send(Latencies(latencies.seconds, cpu_seconds() - before))
    reader.connections.close()
