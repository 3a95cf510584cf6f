"""Readers fed by a process that does nothing but send: what the generators and the machine's loopback can do."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from bench.arithmetic import split
from bench.load.messages import Delivered, Expect, Ready
from bench.load.reader import ReaderSpec, read
from bench.load.sender import Listening, SenderSpec, send
from bench.load.window import Window
from bench.load.worker import Worker
from bench.protocols.interface import Dialect
from bench.protocols.nats import NatsDialect
from bench.scenarios.interface import Plan

HOST: Final = "127.0.0.1"
PLAIN_GREETING: Final = b"INFO {}\r\nPONG\r\n"
"""After this a reader of NATS counts bytes, whatever they are."""

_SECONDS_TO_ANSWER: Final = 30.0
_SECONDS: Final = 2.0
_AFTERWARDS_SECONDS: Final = 0.1


def plain_bytes_per_second(connections: int, chunk: bytes, plan: Plan) -> float:
    """Return how many bytes a second plain readers take of `chunk`, sent again and again on each connection."""
    return bytes_per_second(SenderSpec(connections, PLAIN_GREETING, chunk), lambda port: NatsDialect(HOST, port), plan)


def bytes_per_second(spec: SenderSpec, dialect: Callable[[int], Dialect], plan: Plan) -> float:
    """Return how many bytes a second the readers took."""
    with ExitStack() as stack:
        sending = stack.enter_context(Worker(send, spec)).pipe
        target = dialect(sending.receive(Listening, _SECONDS_TO_ANSWER).port)
        specs = [ReaderSpec(target, ("x",), count, 1) for count in split(spec.connections, plan.readers)]
        reading = [stack.enter_context(Worker(read, each)).pipe for each in specs]
        for pipe in reading:
            pipe.receive(Ready, _SECONDS_TO_ANSWER)
        window = Window.soon(plan.warm_up / 2, _SECONDS)
        for pipe in (*reading, sending):
            pipe.send(window)
        time.sleep(max(0.0, window.end - time.monotonic()) + _AFTERWARDS_SECONDS)
        for pipe in reading:
            pipe.send(Expect(0))
        delivered = [pipe.receive(Delivered, _SECONDS_TO_ANSWER) for pipe in reading]
    return sum(each.measured.rate for each in delivered)
