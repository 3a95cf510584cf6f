"""A raw HTTP/2 client on a plain socket, which shows what came over the wire and does only what it is told to.

It reads when a test waits, and opens its windows again unless it is told to stall.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.events
import h2.exceptions

from tests.h2_machine import Machine
from tests.patience import patient

Headers = Iterable[tuple[str, str]]
GRPC = (("content-type", "application/grpc"), ("te", "trailers"))
FRAME = b"\0\0\0\0\0"
"""An empty gRPC message."""


@dataclass
class Answer:
    """What one stream has brought so far."""

    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytearray = field(default_factory=bytearray)
    trailers: dict[str, str] = field(default_factory=dict[str, str])
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def grpc(self) -> tuple[int, str]:
        """The gRPC status and its message, wherever they stand."""
        found = {**self.headers, **self.trailers}
        return int(found["grpc-status"]), found.get("grpc-message", "")

    @property
    def over(self) -> bool:
        return self.ended or self.reset is not None


class Connection:
    """One HTTP/2 connection."""

    def __init__(self, port: int, *, context: ssl.SSLContext | None = None, stalled: bool = False) -> None:
        self.port = port
        self.stalled = stalled
        self._unread: list[tuple[int, int]] = []
        self.answers: dict[int, Answer] = {}
        self.pings = 0
        self.goaways: list[int] = []
        self.closed = False
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="localhost") if context else raw
        config = h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = Machine(config)
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def flush(self) -> None:
        """Send what the protocol machine has to say; a connection closed by the peer is noted, not raised."""
        try:
            self.socket.sendall(self.h2.data_to_send())
        except OSError:
            self.closed = True

    def open(self, path: str, *, method: str = "POST", headers: Headers = GRPC, end: bool = True) -> int:
        """Begin a request and return its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self.flush()
        return stream

    def data(self, stream: int, body: bytes, *, end: bool = True, seconds: float = 10.0) -> None:
        """Send a body as the windows allow, and stop when the server has answered in the middle of it."""
        deadline = time.monotonic() + patient(seconds)
        left = memoryview(body)
        while left and not self.answers[stream].over and not self.closed:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                assert time.monotonic() < deadline, "the server does not take the body"
                self.read(0.1)
                continue
            piece, left = left[:room], left[room:]
            self.h2.send_data(stream, bytes(piece), end_stream=end and not left)
            self.flush()

    def call(self, path: str, body: bytes = FRAME, *, headers: Headers = GRPC, seconds: float = 10.0) -> Answer:
        """Make a whole request and return its answer."""
        stream = self.open(path, headers=headers, end=not body)
        if body:
            self.data(stream, body)
        self.wait(lambda: self.answers[stream].over, seconds=seconds)
        return self.answers[stream]

    def get(self, path: str, headers: Headers = (), *, method: str = "GET", seconds: float = 10.0) -> Answer:
        """Make a request without a body and return its answer."""
        stream = self.open(path, method=method, headers=headers)
        self.wait(lambda: self.answers[stream].over, seconds=seconds)
        return self.answers[stream]

    def wait(self, condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Do what `within` does, where so many seconds are no promise."""
        self.within(condition, patient(seconds))

    def within(self, condition: Callable[[], bool], seconds: float) -> None:
        """Read until the condition holds; fail when it does not in time, or the connection closes before."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"nothing came within {seconds:g} s: {self.answers}"
            assert not self.closed, f"the connection was closed: {self.answers}"
            self.read(min(left, 0.25))

    def read(self, seconds: float) -> None:
        """Read once, for so long at most."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(262_144)
        except TimeoutError:
            return
        except OSError:
            self.closed = True
            return
        if not data:
            self.closed = True
            return
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.closed = True
            return
        for event in events:
            self._note(event)
        self.flush()

    def resume(self) -> None:
        """Open the windows that a stalled connection has left closed."""
        self.stalled = False
        self._acknowledge()
        self.flush()

    def _acknowledge(self) -> None:
        for length, stream in self._unread:
            self.h2.acknowledge_received_data(length, stream)
        self._unread.clear()

    def _note(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived(stream_id=stream, headers=headers):
                self.answers[stream].headers = _text(headers)
            case h2.events.DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                self.answers[stream].body += data or b""
                if length:
                    self._unread.append((length, stream))
                if not self.stalled:
                    self._acknowledge()
            case h2.events.TrailersReceived(stream_id=stream, headers=headers):
                self.answers[stream].trailers = _text(headers)
            case h2.events.StreamEnded(stream_id=stream):
                self.answers[stream].ended = True
            case h2.events.StreamReset(stream_id=stream, error_code=code):
                self.answers[stream].reset = int(code or 0)
            case h2.events.PingAckReceived():
                self.pings += 1
            case h2.events.ConnectionTerminated(error_code=code):
                self.goaways.append(int(code or 0))
            case _:
                pass


def _text(headers: Iterable[tuple[bytes | str, bytes | str]] | None) -> dict[str, str]:
    """Return header names and values as text, whichever of its two forms the library gives."""
    return {_str(name): _str(value) for name, value in headers or ()}


def _str(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
