"""A TCP proxy that stands in for a bad network: it holds back what one side sends, or what both send, and delays it.

A cut network loses packets, not bytes of a stream: TCP sends them again. So what is held back arrives after `heal`,
also on connections that one side has long given up, as it does in reality.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import psutil

CHUNK_BYTES = 65_536
Whom = Callable[[int], bool]
"""Says of a process id whether its connections are meant."""


def everyone(_: int) -> bool:
    return True


@dataclass(eq=False, slots=True)
class _Pair:
    """One connection through the proxy; a direction that is cut waits until its event is set."""

    client_pid: int
    forth: asyncio.Event = field(default_factory=asyncio.Event)
    back: asyncio.Event = field(default_factory=asyncio.Event)


class ChaosProxy:
    """Passes connections on to `target`, a port of this machine; a context manager.

    Attributes:
        port: Where it listens.
        delay_seconds: What each chunk waits, in both directions.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay_seconds = 0.0
        self._cut: tuple[Whom, bool, bool] | None = None
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def __repr__(self) -> str:
        return f"<ChaosProxy {self.port} to {self.target}, {len(self._tasks)} connections, cut {self._cut}>"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        return len(self._tasks)

    def cut(self, whom: Whom = everyone, *, forth: bool = True, back: bool = True) -> None:
        """Hold back what these clients send (`forth`) or are sent (`back`), on new connections too."""
        self._cut = (whom, forth, back)
        for pair in self._pairs:
            self._apply(pair)

    def heal(self) -> None:
        """Pass everything on again, and what was held back first."""
        self._cut = None
        for pair in self._pairs:
            self._apply(pair)

    def _apply(self, pair: _Pair) -> None:
        whom, forth, back = self._cut or (everyone, False, False)
        meant = whom(pair.client_pid)
        for event, held in ((pair.forth, forth), (pair.back, back)):
            if held and meant:
                event.clear()
            else:
                event.set()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        pair = _Pair(_owner(writer.get_extra_info("peername")[1], self.port))
        self._pairs.add(pair)
        self._apply(pair)
        try:
            await self._join(pair, reader, writer)
        except asyncio.CancelledError:  # by the end of the proxy; asyncio would log it as an error of the callback
            if self._server is not None and self._server.is_serving():
                raise
        finally:
            self._pairs.discard(pair)
            self._tasks.discard(task)
            await _closed(writer)

    async def _join(self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pair.forth.wait()
        try:
            there, to = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, to, pair.forth))
                both.create_task(self._pass(there, writer, pair.back))
        except* OSError:
            pass
        finally:
            await _closed(to)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, may: asyncio.Event) -> None:
        while data := await source.read(CHUNK_BYTES):
            await asyncio.sleep(self.delay_seconds)
            await may.wait()
            sink.write(data)
            await sink.drain()
        await may.wait()
        sink.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _owner(port: int, proxy_port: int) -> int:
    """Return the process at the other end of a connection that came from `port`; 0 where it has gone already."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.raddr and (connection.laddr[1], connection.raddr[1]) == (port, proxy_port):
            return connection.pid or 0
    return 0
