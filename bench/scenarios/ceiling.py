"""What the readers can take when a server does nothing but send: no figure of another scenario can be above it."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from bench import http2
from bench.arithmetic import split
from bench.load.messages import Delivered, Expect, Ready
from bench.load.reader import ReaderSpec, read
from bench.load.sender import Listening, SenderSpec, send
from bench.load.window import Window
from bench.load.worker import Worker
from bench.measurement import Measurement
from bench.protocols.interface import Dialect
from bench.protocols.nats import NatsDialect
from bench.protocols.tidings import TidingsDialect
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.systems.interface import Running

_HOST: Final = "127.0.0.1"
_CONNECTIONS: Final = 100
_MESSAGE_BYTES: Final = 122
_MESSAGES_A_FRAME: Final = 134
_CHUNK_FRAMES: Final = 16
_SECONDS_TO_ANSWER: Final = 30.0
_SECONDS: Final = 2.0
_AFTERWARDS_SECONDS: Final = 0.1

_MESSAGES: Final = b"x" * (_MESSAGE_BYTES * _MESSAGES_A_FRAME)
_HEARTBEAT: Final = b"\0\0\0\0\x02\x1a\0"


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running
    plain = SenderSpec(_CONNECTIONS, b"INFO {}\r\nPONG\r\n", _MESSAGES * _CHUNK_FRAMES)
    greeting = http2.frame(http2.Kind.SETTINGS, 0, 0, b"") + http2.frame(http2.Kind.DATA, 0, 1, _HEARTBEAT)
    framed = SenderSpec(_CONNECTIONS, greeting, http2.frame(http2.Kind.DATA, 0, 1, _MESSAGES) * _CHUNK_FRAMES)
    values = {
        "http2": _rate(framed, lambda port: TidingsDialect(_HOST, port, "", ""), plan),
        "plain": _rate(plain, lambda port: NatsDialect(_HOST, port), plan),
    }
    return Measurement("ceiling", "the readers alone", values)


def _rate(spec: SenderSpec, dialect: Callable[[int], Dialect], plan: Plan) -> float:
    """Return how many messages a second the readers took."""
    with ExitStack() as stack:
        sending = stack.enter_context(Worker(send, spec)).pipe
        target = dialect(sending.receive(Listening, _SECONDS_TO_ANSWER).port)
        specs = [ReaderSpec(target, "x", count, _MESSAGE_BYTES) for count in split(_CONNECTIONS, plan.readers)]
        reading = [stack.enter_context(Worker(read, spec)).pipe for spec in specs]
        for pipe in reading:
            pipe.receive(Ready, _SECONDS_TO_ANSWER)
        window = Window.soon(plan.warm_up / 2, _SECONDS)
        for pipe in (*reading, sending):
            pipe.send(window)
        time.sleep(max(0.0, window.end - time.monotonic()) + _AFTERWARDS_SECONDS)
        for pipe in reading:
            pipe.send(Expect(0))
        delivered = [pipe.receive(Delivered, _SECONDS_TO_ANSWER) for pipe in reading]
    return sum(each.measured.rate for each in delivered) / _MESSAGE_BYTES


SCENARIO: Final = Scenario(
    "ceiling",
    "Ceiling of the harness",
    f"The same readers on {_CONNECTIONS} connections, fed by a process that sends ready-made bytes of messages of "
    f"{_MESSAGE_BYTES} bytes: as DATA frames of HTTP/2, which readers take apart as they do for Tidings, and as plain "
    "bytes, which they count as they do for Redis and NATS.",
    (Figure("http2", "HTTP/2, deliveries/s"), Figure("plain", "plain, deliveries/s")),
    _run,
    against=Against.NOTHING,
)
