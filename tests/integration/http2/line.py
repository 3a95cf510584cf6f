"""What both clients of these tests share: a socket, what came on each stream, and waiting for it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast

from typing_extensions import override

from tests.patience import patient


@dataclass
class Answer:
    """What one stream has brought so far."""

    headers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    body: bytearray = field(default_factory=bytearray)
    trailers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int | None:
        """The gRPC status, wherever it stands."""
        status = (self.headers | self.trailers).get(b"grpc-status")
        return None if status is None else int(status)

    @property
    def is_over(self) -> bool:
        return self.ended or self.reset is not None

    @property
    def is_trailers_only(self) -> bool:
        return b"grpc-status" in self.headers and not self.body and not self.trailers and self.ended


class Line(asyncio.Protocol):
    """One connection to the server. It is closed when the server has closed it, and open until then."""

    def __init__(self) -> None:
        self.answers: defaultdict[int, Answer] = defaultdict(Answer)
        self.goaways: list[tuple[int, int]] = []
        """Last stream and code of each."""
        self.is_closed = False
        self._changed = asyncio.Event()
        self._failure: Exception | None = None

    @classmethod
    async def to(cls, place: Path | int) -> Self:
        """Connect to a Unix socket or a port, and say nothing yet."""
        loop = asyncio.get_running_loop()
        if isinstance(place, int):
            _, line = await loop.create_connection(cls, "127.0.0.1", place)
        else:
            _, line = await loop.create_unix_connection(cls, str(place))
        return line

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self.take(data)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self._failure = error
            self.transport.abort()
        self._changed.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        self._changed.set()

    def take(self, data: bytes) -> None:
        """Make of the bytes what they mean."""
        raise NotImplementedError

    def send(self, *data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"".join(data))

    def stall(self) -> None:
        """Read no more from the socket, for now."""
        self.transport.pause_reading()

    def read_on(self) -> None:
        self.transport.resume_reading()

    def close(self) -> None:
        """Leave, without a word."""
        self.transport.abort()

    def check(self) -> None:
        """Raise what was wrong about what came."""
        if self._failure:
            raise self._failure

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until a condition holds; what comes no more once the connection is closed fails at once."""
        try:
            async with asyncio.timeout(patient(seconds)):
                while not condition():
                    self.check()
                    assert not self.is_closed, f"the connection was closed: {self}"
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"it never came: {self}") from None

    async def closed(self, seconds: float = 10.0) -> None:
        """Wait until the server closes the connection."""
        await self.until(lambda: self.is_closed, seconds)

    async def answer(self, stream: int, seconds: float = 10.0) -> Answer:
        """Wait until a stream has ended, in whatever way."""
        await self.until(lambda: self.answers[stream].is_over, seconds)
        return self.answers[stream]

    @override
    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "open"
        shown = {stream: (answer, len(answer.body)) for stream, answer in self.answers.items()}
        return f"<{type(self).__name__} {state}, {self.goaways}, {shown}>"
