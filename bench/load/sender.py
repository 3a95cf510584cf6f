"""A server that only sends, as fast as readers take it: what the readers themselves can do."""

import select
import socket
import time
from dataclasses import dataclass
from typing import Final

from bench.load.window import Window
from bench.load.worker import Pipe

_HOST: Final = "127.0.0.1"
_SET_UP_SECONDS: Final = 20.0
_TICK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class SenderSpec:
    """What to send to each of `connections`.

    Attributes:
        greeting: Once, so that the reader takes itself for subscribed.
        chunk: Again and again; whole frames.
    """

    connections: int
    greeting: bytes
    chunk: bytes


@dataclass(frozen=True)
class Listening:
    """The port that the sender listens on."""

    port: int


def send(spec: SenderSpec, pipe: Pipe) -> None:
    """Say Listening, greet all connections, wait for a Window, and send until it ends."""
    with socket.create_server((_HOST, 0), backlog=spec.connections) as server:
        pipe.send(Listening(server.getsockname()[1]))
        accepted = [server.accept()[0] for _ in range(spec.connections)]
    for each in accepted:
        each.sendall(spec.greeting)
        each.settimeout(0)
    window = pipe.receive(Window, _SET_UP_SECONDS)
    _flood(accepted, spec.chunk, window.end)
    for each in accepted:
        each.close()


def _flood(accepted: list[socket.socket], chunk: bytes, end: float) -> None:
    view = memoryview(chunk)
    poll = select.epoll()
    by_number = {each.fileno(): each for each in accepted}
    sent = dict.fromkeys(by_number, 0)
    for number in by_number:
        poll.register(number, select.EPOLLOUT)
    while time.monotonic() < end:
        for number, _ in poll.poll(_TICK_SECONDS):
            sent[number] = (sent[number] + by_number[number].send(view[sent[number] :])) % len(chunk)
    poll.close()
