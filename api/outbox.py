"""Messages that wait for a stream: whatever is waiting goes out together, as one batch."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

BATCH_BYTES = 1024 * 1024
"""A batch is closed once it holds this much; the inner link accepts four times that for one large item."""

M = TypeVar("M")


class Overflow(Exception):
    """More waits for the stream than may."""


class Outbox(Generic[M]):
    """An ordered queue, bounded in bytes, with one task that empties it batch by batch."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._waiting: list[tuple[M, int]] = []
        self._bytes = 0
        self._filled = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Outbox {len(self._waiting)} messages, {self._bytes} of {self._max_bytes} bytes>"

    @property
    def waiting_bytes(self) -> int:
        """About how many bytes wait."""
        return self._bytes

    def put(self, message: M, size: int) -> None:
        """Add a message of about this many bytes.

        Raises:
            Overflow: the other side does not take what it is sent.
        """
        if self._bytes + size > self._max_bytes:
            raise Overflow(f"{self._bytes} bytes wait already")
        self._waiting.append((message, size))
        self._bytes += size
        self._filled.set()

    async def drain_into(self, write: Callable[[list[M]], Awaitable[None]]) -> None:
        """Write batch after batch, as fast as `write` takes them, until cancelled."""
        while True:
            await self._filled.wait()
            await write(self._batch())

    def _batch(self) -> list[M]:
        size = count = 0
        for _, message_bytes in self._waiting:
            if count and size + message_bytes > BATCH_BYTES:
                break
            size += message_bytes
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._bytes -= size
        if not self._waiting:
            self._filled.clear()
        return [message for message, _ in batch]
