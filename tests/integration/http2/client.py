"""A client by the book: the library h2 says what may be sent, and holds the server to the protocol.

What the server sends beyond a window, out of turn or in a state that has no place for it fails the test.
"""

from pathlib import Path
from typing import Self

import h2.config
import h2.events
from typing_extensions import override

from tests.h2_machine import Machine
from tests.integration.http2 import wire
from tests.integration.http2.line import Answer, Line


class Client(Line):
    """One connection; it takes what comes, unless `grants` is false, and sends bodies as the windows allow."""

    def __init__(self) -> None:
        super().__init__()
        self.grants = True
        self.h2 = Machine(h2.config.H2Configuration(header_encoding=None))
        self.events: list[h2.events.Event] = []
        self._unread: dict[int, int] = {}
        self._unsent: dict[int, tuple[bytes, bool]] = {}

    @classmethod
    async def greeted(cls, place: Path | int, settings: dict[int, int] | None = None) -> Self:
        """Connect, and exchange SETTINGS."""
        client = await cls.to(place)
        client.h2.initiate_connection()
        if settings:
            client.h2.update_settings(settings)
        client.flush()
        await client.until(lambda: client.acknowledged == (2 if settings else 1))
        return client

    @property
    def acknowledged(self) -> int:
        """How many of our SETTINGS have been."""
        return sum(isinstance(event, h2.events.SettingsAcknowledged) for event in self.events)

    def open(self, path: str, extra: wire.Fields = (), *, end: bool = False) -> int:
        """Begin a request and return its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(_bytes(a), _bytes(b)) for a, b in wire.fields(path, extra)], end_stream=end)
        self.flush()
        return stream

    def data(self, stream: int, body: bytes, *, end: bool = True) -> None:
        """Send a body, or more of it, at once or when there is room."""
        before, _ = self._unsent.get(stream, (b"", False))
        self._unsent[stream] = before + body, end
        self._pump()

    def begin(self, path: str, body: bytes = b"hello", extra: wire.Fields = ()) -> int:
        """Make a whole request and return its stream."""
        stream = self.open(path, extra)
        self.data(stream, body)
        return stream

    async def call(self, path: str, body: bytes = b"hello", extra: wire.Fields = ()) -> Answer:
        """Make a whole request and wait for its answer."""
        return await self.answer(self.begin(path, body, extra))

    def reset(self, stream: int, code: int = wire.CANCEL) -> None:
        self._unsent.pop(stream, None)
        self.h2.reset_stream(stream, code)
        self.flush()

    def unsent(self, stream: int) -> int:
        """Return how much of a body the windows hold back."""
        return len(self._unsent.get(stream, (b"", False))[0])

    def grant(self) -> None:
        """Open the windows by all that has come."""
        for stream, length in self._unread.items():
            self.h2.acknowledge_received_data(length, stream)
        self._unread.clear()
        self.flush()

    def flush(self) -> None:
        """Send what the protocol machine has to say."""
        self.send(self.h2.data_to_send())

    @override
    def take(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            self.events.append(event)
            self._note(event)
        if self.grants:
            self.grant()
        self._pump()

    def _pump(self) -> None:
        for stream, (body, end) in list(self._unsent.items()):
            if self.answers[stream].is_over:
                del self._unsent[stream]
            else:
                self._send(stream, body, end=end)
        self.flush()

    def _send(self, stream: int, body: bytes, *, end: bool) -> None:
        has_ended = False
        while room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body)):
            piece, body = body[:room], body[room:]
            has_ended = end and not body
            self.h2.send_data(stream, piece, end_stream=has_ended)
        if body:
            self._unsent[stream] = body, end
            return
        del self._unsent[stream]
        if end and not has_ended:
            self.h2.end_stream(stream)

    def _note(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived(stream_id=stream, headers=headers):
                self.answers[stream].headers = _read(headers)
            case h2.events.DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                self.answers[stream].body += data or b""
                self._unread[stream] = self._unread.get(stream, 0) + (length or 0)
            case h2.events.TrailersReceived(stream_id=stream, headers=headers):
                self.answers[stream].trailers = _read(headers)
            case h2.events.StreamEnded(stream_id=stream):
                self.answers[stream].ended = True
            case h2.events.StreamReset(stream_id=stream, error_code=code):
                self.answers[stream].reset = int(code or 0)
            case h2.events.ConnectionTerminated(last_stream_id=last, error_code=code):
                self.goaways.append((last or 0, int(code or 0)))
            case _:
                pass


def _read(headers: list[tuple[bytes, bytes]] | None) -> dict[bytes, bytes]:
    return {bytes(name): bytes(value) for name, value in headers or ()}


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
