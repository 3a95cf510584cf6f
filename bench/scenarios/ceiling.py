"""What the readers can take when a server does nothing but send: no figure of another scenario can be above it."""

from typing import Final

from bench import http2
from bench.load.sender import SenderSpec
from bench.measurement import Measurement
from bench.protocols.tidings import TidingsDialect
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.scenarios.raw import HOST, bytes_per_second, plain_bytes_per_second
from bench.systems.interface import Running

_CONNECTIONS: Final = 100
_MESSAGE_BYTES: Final = 122
_MESSAGES_A_FRAME: Final = 134
_CHUNK_FRAMES: Final = 16

_MESSAGES: Final = b"x" * (_MESSAGE_BYTES * _MESSAGES_A_FRAME)
_HEARTBEAT: Final = b"\0\0\0\0\x02\x1a\0"


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running
    greeting = http2.frame(http2.Kind.SETTINGS, 0, 0, b"") + http2.frame(http2.Kind.DATA, 0, 1, _HEARTBEAT)
    framed = SenderSpec(_CONNECTIONS, greeting, http2.frame(http2.Kind.DATA, 0, 1, _MESSAGES) * _CHUNK_FRAMES)
    values = {
        "http2": bytes_per_second(framed, lambda port: TidingsDialect(HOST, port, "", ""), plan) / _MESSAGE_BYTES,
        "plain": plain_bytes_per_second(_CONNECTIONS, _MESSAGES * _CHUNK_FRAMES, plan) / _MESSAGE_BYTES,
    }
    return Measurement("ceiling", "the readers alone", values)


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
