"""Batches in both directions over one connection, in the event loop's own turns."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from api.frames import Frames
from api.outbox import Outbox, nobody

M = TypeVar("M")


class Batch(Protocol):
    """A message of protobuf."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """Return it as bytes."""
        ...


class Exchange(Generic[M]):
    """Sends what an outbox gets: what comes in one turn of the loop goes out together at its end."""

    def __init__(
        self,
        frames: Frames,
        outbox: Outbox[M],
        said: Callable[[list[M]], Iterable[Batch]],
        take: Callable[[bytes], None],
    ) -> None:
        """Begin.

        Args:
            frames: The connection.
            outbox: What waits for the other side.
            said: Returns batches that say some messages. What it raises ends the connection.
            take: Takes a batch of the other side. What it raises ends the connection.
        """
        self._loop = asyncio.get_running_loop()
        self._frames = frames
        self._outbox = outbox
        self._said = said
        self._is_due = False
        outbox.filled = self._soon
        frames.begin(take, self._flush)
        if len(outbox):
            self._soon()

    def __repr__(self) -> str:
        return f"<Exchange {self._outbox!r} over {self._frames!r}>"

    async def ended(self) -> None:
        """Return or raise as `Frames.ended` does, and let go of the outbox, with all that waits in it."""
        try:
            await self._frames.ended()
        finally:
            self._outbox.filled = nobody

    def _soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_due = False
        frames, outbox = self._frames, self._outbox
        try:
            while len(outbox) and not (frames.is_full or frames.is_over):
                for batch in self._said(outbox.batch()):
                    frames.send(batch.SerializeToString())
        except Exception as reason:  # noqa: BLE001 - or it would look alive, and nothing would go out any more
            frames.fail(reason)
