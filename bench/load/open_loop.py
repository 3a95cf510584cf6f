"""An open loop of publishers on raw connections: each publish is sent when it is due, whatever became of others.

What a server refuses counts as refused, and the time of an answer begins when its publish was due, so that waiting in
front of a server that is behind is not left out.
"""

import select
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import override

from bench import header_blocks
from bench.http2 import Connection, Flag, Kind, Request
from bench.protocols.tidings import TidingsDialect, grpc_frame, publish_message

STREAMS: Final = 2000
"""Of one connection at a time, a few less than the server allows; more wait here."""

_SET_UP_SECONDS: Final = 0.2
_TICK_SECONDS: Final = 0.002
_BUFFER_BYTES: Final = 2**20
_OK: Final = "0"
_GRPC_STATUS: Final = header_blocks.literal_names(b"grpc-status")


@dataclass
class Outcome:
    """What came of it: with which gRPC status publishes ended, and how many seconds the accepted ones took."""

    seconds: float
    statuses: Counter[str] = field(default_factory=Counter[str])
    accepted: list[float] = field(default_factory=list[float])
    unanswered: int = 0

    @property
    def accepted_per_second(self) -> float:
        """Publishes accepted, a second of the time in which they were due or answered."""
        return len(self.accepted) / self.seconds

    def quantile(self, part: float) -> float:
        """Return after how many seconds this part of the accepted publishes was answered."""
        return sorted(self.accepted)[int(len(self.accepted) * part)]


class _Publisher(Connection):
    """One connection that notes of each of its streams when it was due."""

    def __init__(self, dialect: TidingsDialect, topic: str, value_bytes: int) -> None:
        super().__init__(lambda _: None)
        blocks = dialect.header_blocks(b"Publish")
        body = grpc_frame(publish_message(dialect.cache, topic, b"x" * value_bytes))
        self._requests = [Request(blocks.first, body), Request(blocks.later, body)]
        self._pending = bytearray()
        self.due = deque[float]()
        self.waiting: dict[int, float] = {}
        self.ended_with: list[tuple[str, float]] = []
        self.socket = socket.create_connection((dialect.host, dialect.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(0)

    def pump(self) -> None:
        """Send what is due, as far as the server takes it."""
        while self.due and len(self.waiting) < STREAMS and self._send_window >= self._requests[-1].body_bytes:
            self.waiting[self._next_stream] = self.due.popleft()
            self._pending += self.send(self._requests[0])
            self._requests = self._requests[-1:]
        self._pending += self.outgoing
        self.outgoing.clear()
        if self._pending:
            try:
                del self._pending[: self.socket.send(self._pending)]
            except BlockingIOError:
                return

    @override
    def _headers(self, flags: int, stream: int, block: bytes) -> None:
        if flags & Flag.END_STREAM:
            self._end(stream, header_blocks.literal(block, _GRPC_STATUS) or "none")

    @override
    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == Kind.RST_STREAM:
            self._end(stream, "reset")
        else:
            super()._control(kind, flags, stream, payload)

    def _end(self, stream: int, status: str) -> None:
        due = self.waiting.pop(stream, None)
        if due is not None:
            self.ended_with.append((status, time.monotonic() - due))


def publish_open_loop(
    dialect: TidingsDialect, connections: int, per_second: float, seconds: float, value_bytes: int = 100
) -> Outcome:
    """Publish at a rate for some seconds, then wait as long again for answers, and return what came of it."""
    publishers = [_Publisher(dialect, f"topic-{number}", value_bytes) for number in range(connections)]
    by_number = {each.socket.fileno(): each for each in publishers}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    begin = time.monotonic() + _SET_UP_SECONDS
    total, sent = round(per_second * seconds), 0
    while time.monotonic() < begin + 2 * seconds:
        due = min(total, due_after(time.monotonic() - begin, per_second))
        for number in range(sent, due):
            publishers[number % connections].due.append(begin + number / per_second)
        sent = max(sent, due)
        for each in publishers:
            each.pump()
        for number, _ in poll.poll(_TICK_SECONDS):
            by_number[number].receive(buffer[: by_number[number].socket.recv_into(buffer)])
        if sent == total and not any(each.due or each.waiting for each in publishers):
            break
    poll.close()
    return _outcome(publishers, max(seconds, time.monotonic() - begin))


def due_after(seconds: float, per_second: float) -> int:
    """Return how many publishes are due so long after the first one was; none before."""
    return int(seconds * per_second) + 1 if seconds >= 0 else 0


def _outcome(publishers: list[_Publisher], seconds: float) -> Outcome:
    outcome = Outcome(seconds)
    for each in publishers:
        outcome.statuses.update(status for status, _ in each.ended_with)
        outcome.accepted += [took for status, took in each.ended_with if status == _OK]
        outcome.unanswered += len(each.due) + len(each.waiting)
        each.socket.close()
    return outcome
