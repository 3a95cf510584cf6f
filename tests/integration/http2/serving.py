"""The server on a Unix socket of its own, with an application of these tests behind it."""

import asyncio
import gc
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from http2.endings import How
from http2.limits import Limits
from http2.server import Server
from http2.stream import Stream
from tests.integration.http2 import wire
from tests.integration.http2.application import Application
from tests.integration.http2.client import Client
from tests.integration.http2.line import Line
from tests.integration.http2.peer import Peer
from tests.patience import patient

SECONDS = patient(10)
AnyLine = TypeVar("AnyLine", bound=Line)


class Ended(NamedTuple):
    """What was told of a stream when it had ended."""

    path: str
    how: How
    status: int
    grpc: bytes | None
    received_bytes: int
    sent_bytes: int
    why: str = ""

    @classmethod
    def of(cls, stream: Stream) -> Self:
        """Take note of it, and do not hold it."""
        ending, path, grpc = stream.ending, stream.head.scope["path"], stream.told(b"grpc-status")
        return cls(path, ending.how, stream.status, grpc, stream.received_bytes, stream.sent_bytes, ending.why)


class Service:
    """A server, and whoever is connected to it.

    Attributes:
        ended: The streams that have, as the server tells.
    """

    def __init__(self, server: Server, app: Application, path: Path, ended: list[Ended]) -> None:
        self.server = server
        self.app = app
        self.path = path
        self.ended = ended
        self._lines: list[Line] = []

    async def peer(self, settings: bytes = wire.settings()) -> Peer:
        """Connect a client without rules, which has exchanged SETTINGS."""
        return self.known(await Peer.greeted(self.path, settings))

    async def stranger(self) -> Peer:
        """Connect a client that has said nothing yet."""
        return self.known(await Peer.to(self.path))

    async def client(self, settings: dict[int, int] | None = None) -> Client:
        """Connect a client by the book."""
        return self.known(await Client.greeted(self.path, settings))

    def known(self, line: AnyLine) -> AnyLine:
        self._lines.append(line)
        return line

    async def serves_others(self) -> None:
        """Make a call on a connection of its own, which must be answered."""
        client = await self.client()
        answer = await client.call("/echo", b"beside")
        assert (answer.status, bytes(answer.body)) == (0, b"beside")
        before = self.server.connections
        client.close()
        await self.until(lambda: self.server.connections < before)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something of the server's or the application's is so."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(
                f"it never was so: {self.server}, {self.app.running} run, {asyncio.all_tasks()}"
            ) from None

    async def leave(self) -> None:
        """Close every connection from this side."""
        for line in self._lines:
            line.close()
        self._lines.clear()
        await self.until(lambda: self.server.connections == 0)


@asynccontextmanager
async def serving(*, proxied: bool = False, **limits: Any) -> AsyncGenerator[Service]:
    """Serve, and see to it that nothing is left of it in the end: no task, no object, no error that nobody heard."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    with tempfile.TemporaryDirectory(prefix="tidings-") as folder:
        app = Application()
        ended: list[Ended] = []
        server = Server(
            app,
            Limits(**limits),
            proxied=proxied,
            ended=lambda stream: ended.append(Ended.of(stream)),
            at_once=app.at_once,
        )
        await server.start(Path(folder) / "http2.sock")
        service = Service(server, app, Path(folder) / "http2.sock", ended)
        try:
            yield service
            await service.leave()
            app.go.set()
            await service.until(lambda: app.running == 0 and asyncio.all_tasks() == {asyncio.current_task()})
        finally:
            await server.close()
    assert not errors, errors
    counts = server.counts
    assert (counts.connections, counts.waiting, counts.held_bytes, counts.unanswered, counts.owed) == (0, 0, 0, 0, 0)


def held() -> Counter[str]:
    """Count what there is of the package's objects."""
    gc.collect()
    kinds: list[type] = [type(thing) for thing in gc.get_objects()]
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).startswith("http2"))
