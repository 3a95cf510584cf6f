"""The routers that are linked to a node, by whatever their batches come."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

from api import link_pb2 as wire
from api.blocks import READS, Item, Stored
from api.exchange import Exchange
from api.frames import Frames
from api.tasks import first
from api.tracing import Spans
from storage.answered import Links
from storage.durable.topics import DurableTopics
from storage.node import Node
from storage.ownership import Ownership
from storage.session import Session

Send = Callable[[wire.NodeBatch], Awaitable[None]]


class NotRead(Exception):
    """A router does not read what it watches."""


class Sessions:
    """One session for each router."""

    def __init__(
        self, node: Node, ownership: Ownership, durable: DurableTopics | None = None, spans: Spans | None = None
    ) -> None:
        """Serve `node`; without `durable` no durable topics, and without `spans` no traces of what is published."""
        self._node = node
        self._ownership = ownership
        self._durable = durable
        self._spans = spans
        self._links = Links()
        self._open: set[Session] = set()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_watched(self) -> bool:
        """Whether any router watches a topic here."""
        return any(session.is_watching for session in self._open)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for routers to read them."""
        return sum(session.outbox.waiting_bytes for session in self._open)

    async def serve(self, batches: AsyncIterator[wire.RouterBatch], send: Send) -> None:
        """Serve one router until it leaves.

        Raises:
            NotRead: it does not read what it asked for.
        """
        with self._session() as session:

            async def write(waiting: Sequence[wire.Event | Item | Stored]) -> None:
                for batch in session.batches(waiting):
                    await send(batch)

            async def read() -> None:
                async for batch in batches:
                    session.take_all(batch)

            await send(wire.NodeBatch(reads=READS))
            await first(read(), session.outbox.drain_into(write), _overflow(session))

    async def serve_frames(self, frames: Frames) -> None:
        """Serve one router over frames until it leaves.

        Raises:
            NotRead: it does not read what it asked for.
            Exception: see `Frames.ended`.
        """
        with self._session() as session:
            frames.send(wire.NodeBatch(reads=READS).SerializeToString())
            exchange = Exchange(frames, session.outbox, session.batches, session.take)
            await first(exchange.ended(), _overflow(session))

    @contextmanager
    def _session(self) -> Generator[Session]:
        session = Session(self._node, self._ownership, self._durable, self._links, self._spans)
        self._open.add(session)
        try:
            yield session
        finally:
            self._open.discard(session)
            session.close()

    def close(self) -> None:
        """Remember nothing of links that were closed."""
        self._links.close()


async def _overflow(session: Session) -> None:
    await session.overflowed.wait()
    raise NotRead
