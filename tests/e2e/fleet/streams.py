"""Subscriptions at each router of a fleet, read in the background, so that a test sees when each of them ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.patience import patient

PATIENCE_SECONDS = patient(10.0)


class Stream:
    """One subscription.

    Attributes:
        texts: What has come.
        status: The status that it ended with; empty while it is open.
        ended_at: When that was, in monotonic seconds.
    """

    def __init__(self, connection: Connection, cache: str, topic: str) -> None:
        self.is_open = asyncio.Event()
        self.texts: list[str] = []
        self.status = ""
        self.ended_at = float("inf")
        self._connection, self._cache, self._topic = connection, cache, topic

    def __repr__(self) -> str:
        return f"<Stream {self._connection.address} {self.status or 'open'}, {len(self.texts)} items>"

    async def run(self) -> None:
        """Read until it ends."""
        try:
            async for message in self._connection.subscribe(self._cache, self._topic, 0, 0):
                self.is_open.set()
                if message.WhichOneof("kind") == "item":
                    self.texts.append(message.item.value.text)
            self.status = "OK"
        except grpc.aio.AioRpcError as error:
            self.status = error.code().name
        self.ended_at = time.monotonic()
        self.is_open.set()

    async def publish(self, text: str = "x") -> str:
        """Publish to the topic with the credential of the stream; return the name of the status."""
        return await self._connection.publish(self._cache, self._topic, text)


@asynccontextmanager
async def streams(fleet: Fleet, credential: str, cache: str, topic: str = "news") -> AsyncGenerator[list[Stream]]:
    """Subscribe through every router, and wait until each has opened the stream."""
    async with AsyncExitStack() as stack:
        opened: list[Stream] = []
        for router in fleet.routers:
            connection = Connection(router.address, credential)
            stack.push_async_callback(connection.aclose)
            opened.append(Stream(connection, cache, topic))
        async with asyncio.TaskGroup() as reading:
            tasks = [reading.create_task(stream.run()) for stream in opened]
            try:
                for stream in opened:
                    await asyncio.wait_for(stream.is_open.wait(), PATIENCE_SECONDS)
                    assert not stream.status, stream
                yield opened
            finally:
                for task in tasks:
                    task.cancel()


async def ended(some: Sequence[Stream], since: float) -> tuple[set[str], float]:
    """Wait for the end of all; return their statuses, and the seconds from a moment to the last end."""
    await eventually(lambda: all(stream.status for stream in some), f"the end of {some}")
    return {stream.status for stream in some}, max(stream.ended_at for stream in some) - since


async def arrived(some: Sequence[Stream], text: str) -> None:
    """Wait until each has got an item: none of them has ended."""
    await eventually(lambda: all(text in stream.texts for stream in some), f"{text!r} at {some}")


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS:g} s") from None
