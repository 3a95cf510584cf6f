"""Sockets with protocol sessions on them, and the one loop that reads them all."""

import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from bench.protocols.interface import Dialect, Session

BUFFER_BYTES: Final = 1024 * 1024
_CONNECT_SECONDS: Final = 30.0

S = TypeVar("S", bound=Session)


@dataclass
class Wire(Generic[S]):
    """One connected socket and its session."""

    socket: socket.socket
    session: S

    def flush(self) -> None:
        """Send what the protocol owes."""
        self.socket.sendall(self.session.outgoing)
        self.session.outgoing.clear()


class Connections(Generic[S]):
    """Connections that are read together, into one buffer.

    Attributes:
        wires: All of them, whether still open or not.
        lost: How many the server has closed.
    """

    def __init__(self, dialect: Dialect, sessions: Sequence[S]) -> None:
        self.lost = 0
        self.wires: list[Wire[S]] = []
        self._by_number: dict[int, Wire[S]] = {}
        self._poll = select.epoll()
        self._view = memoryview(bytearray(BUFFER_BYTES))
        self.add(dialect, sessions)

    def add(self, dialect: Dialect, sessions: Sequence[S]) -> None:
        """Open more connections."""
        for session in sessions:
            wire = self._connect(dialect, session)
            self.wires.append(wire)
            self._by_number[wire.socket.fileno()] = wire
            self._poll.register(wire.socket.fileno(), select.EPOLLIN)

    def watch(self, number: int) -> None:
        """Let `read` return also when this descriptor has something to read."""
        self._poll.register(number, select.EPOLLIN)

    def read(self, timeout: float, arrived: Callable[[Wire[S], memoryview], None]) -> bool:
        """Wait up to `timeout` seconds, and read once from each socket that has something.

        Args:
            timeout: Seconds; 0 to look without waiting.
            arrived: Called with each chunk, after the session has taken it.

        Returns:
            Whether anything was there, a watched descriptor included.
        """
        view, wires = self._view, self._by_number
        events = self._poll.poll(timeout)
        for number, _ in events:
            wire = wires.get(number)
            if wire is None:
                continue
            size = self._size(wire)
            if not size:
                continue
            chunk = view[:size]
            wire.session.receive(chunk)
            if wire.session.outgoing:
                wire.flush()
            arrived(wire, chunk)
        return bool(events)

    def close(self) -> None:
        """Close all sockets."""
        self._poll.close()
        for wire in self.wires:
            wire.socket.close()

    def _size(self, wire: Wire[S]) -> int:
        """Read into the buffer; 0 if the server has closed the connection, which is then no longer watched."""
        try:
            size = wire.socket.recv_into(self._view)
        except ConnectionError:
            size = 0
        if not size:
            self.lost += 1
            number = wire.socket.fileno()
            self._poll.unregister(number)
            del self._by_number[number]
        return size

    def _connect(self, dialect: Dialect, session: S) -> Wire[S]:
        connected = socket.create_connection((dialect.host, dialect.port), _CONNECT_SECONDS)
        connected.settimeout(None)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(connected, session)
        wire.flush()
        return wire


def nothing(_wire: object, _chunk: memoryview) -> None:
    """Be told of a chunk and leave it at that: the session has counted it."""
