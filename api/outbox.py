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
    """An ordered queue, bounded in bytes, that is emptied batch by batch.

    Attributes:
        filled: Called when something waits, where nothing did before. It must not raise.
        waiting_bytes: About how many bytes wait.
    """

    def __init__(self, max_bytes: int) -> None:
        self.filled: Callable[[], None] = nobody
        self.waiting_bytes = 0
        self._max_bytes = max_bytes
        self._waiting: list[M] = []
        self._sizes: list[int] = []

    def __repr__(self) -> str:
        return f"<Outbox {len(self._waiting)} messages, {self.waiting_bytes} of {self._max_bytes} bytes>"

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: M, size: int) -> None:
        """Add a message of about this many bytes.

        Raises:
            Overflow: the other side does not take what it is sent.
        """
        if self.waiting_bytes + size > self._max_bytes:
            raise Overflow(f"{self.waiting_bytes} bytes wait already")
        self.insist(message, size)

    def insist(self, message: M, size: int) -> None:
        """Add a message however much waits already: something else bounds how many such there are."""
        waiting = self._waiting
        self.waiting_bytes += size
        waiting.append(message)
        self._sizes.append(size)
        if len(waiting) == 1:
            self.filled()

    def batch(self) -> list[M]:
        """Take what is to go out next: all that waits, as far as it fits a batch, and nothing where nothing waits."""
        waiting, sizes = self._waiting, self._sizes
        if self.waiting_bytes <= BATCH_BYTES:
            self._waiting, self._sizes, self.waiting_bytes = [], [], 0
            return waiting
        size = count = 0
        for message_bytes in sizes:
            if count and size + message_bytes > BATCH_BYTES:
                break
            size += message_bytes
            count += 1
        self._waiting, self._sizes = waiting[count:], sizes[count:]
        self.waiting_bytes -= size
        return waiting[:count]

    async def drain_into(self, write: Callable[[list[M]], Awaitable[None]]) -> None:
        """Write batch after batch, as fast as `write` takes them, until cancelled."""
        filled = asyncio.Event()
        self.filled = filled.set
        while True:
            while batch := self.batch():
                await write(batch)
            filled.clear()
            await filled.wait()


def nobody() -> None:
    """Be called where nobody wants to know."""
