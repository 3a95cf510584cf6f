"""The connection of a link to its node: frames, or a gRPC stream where the node is of 0.1."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol

import grpc

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.frames import BUFFER_BYTES, PREFACE, FrameError, Frames
from api.link_security import NAME, LinkSecurity, channel

CONNECT_SECONDS: Final = 2.0


class LinkBroken(Exception):
    """There is no connection, or no more; the message says why."""


class Connection(Protocol):
    """Carries batches in order. What breaks it is raised as `LinkBroken` by the context that made it."""

    async def send(self, batch: wire.RouterBatch) -> None:
        """Send a batch; return when there is room for another."""
        ...

    def received(self) -> AsyncIterator[wire.NodeBatch]:
        """Return the batches that come, until the node ends the connection."""
        ...


def connected(address: str, security: LinkSecurity | None, *, frames: bool) -> AbstractAsyncContextManager[Connection]:
    """Connect to the node at `address`, `host:port`, and close that at the end.

    Raises:
        LinkBroken: it cannot be reached within `CONNECT_SECONDS`, or the connection broke.
    """
    return _over_frames(address, security) if frames else _over_grpc(address, security)


class _FramesConnection:
    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    async def send(self, batch: wire.RouterBatch) -> None:
        await self._frames.send(batch.SerializeToString())

    async def received(self) -> AsyncIterator[wire.NodeBatch]:
        async for frame in self._frames.received():
            yield wire.NodeBatch.FromString(frame)


class _GrpcConnection:
    def __init__(self, stream: grpc.aio.StreamStreamCall[wire.RouterBatch, wire.NodeBatch]) -> None:
        self._stream = stream

    async def send(self, batch: wire.RouterBatch) -> None:
        await self._stream.write(batch)

    async def received(self) -> AsyncIterator[wire.NodeBatch]:
        async for batch in self._stream:
            yield batch


@asynccontextmanager
async def _over_frames(address: str, security: LinkSecurity | None) -> AsyncGenerator[Connection]:
    host, _, port = address.rpartition(":")
    context, name = (None, None) if security is None else (security.client, NAME)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                host.strip("[]"), int(port), limit=BUFFER_BYTES, ssl=context, server_hostname=name
            )
        writer.write(PREFACE)
        frames = Frames(reader, writer, asks=True)
        try:
            yield _FramesConnection(frames)
        finally:
            frames.close()
    except TimeoutError:
        raise LinkBroken("no connection in time") from None
    except (OSError, FrameError) as reason:
        raise LinkBroken(str(reason)) from reason


@asynccontextmanager
async def _over_grpc(address: str, security: LinkSecurity | None) -> AsyncGenerator[Connection]:
    try:
        async with channel(address, security) as opened:
            stub: Any = link_pb2_grpc.StorageStub(opened)
            stream = stub.Connect()
            async with asyncio.timeout(CONNECT_SECONDS):
                await stream.wait_for_connection()
            yield _GrpcConnection(stream)
    except TimeoutError:
        raise LinkBroken("no connection in time") from None
    except asyncio.InvalidStateError as reason:  # of a write to a stream that has ended
        raise LinkBroken(str(reason)) from reason
    except grpc.RpcError as reason:
        raise LinkBroken(str(reason.code() if isinstance(reason, grpc.aio.AioRpcError) else reason)) from reason
