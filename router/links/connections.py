"""The connection of a link to its node: frames, or a gRPC stream where the node is of 0.1."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol

import grpc

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.blocks import Publish
from api.exchange import Exchange
from api.frames import PREFACE, FrameError, Frames
from api.link_security import NAME, LinkSecurity, channel
from api.outbox import Outbox
from api.tasks import first

CONNECT_SECONDS: Final = 2.0

Asked = Outbox[wire.Request | Publish]
Said = Callable[[list[wire.Request | Publish]], Iterable[wire.RouterBatch]]
Take = Callable[[wire.NodeBatch], None]


class LinkBroken(Exception):
    """There is no connection, or no more; the message says why."""


class Connection(Protocol):
    """Carries batches in order. What breaks it is raised as `LinkBroken` by the context that made it."""

    async def serve(self, asked: Asked, said: Said, take: Take) -> None:
        """Send what is asked, as batches that `said` makes of it, and take what comes, until the node ends it."""
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

    async def serve(self, asked: Asked, said: Said, take: Take) -> None:
        await Exchange(self._frames, asked, said, lambda frame: take(wire.NodeBatch.FromString(frame))).ended()


class _GrpcConnection:
    def __init__(self, stream: grpc.aio.StreamStreamCall[wire.RouterBatch, wire.NodeBatch]) -> None:
        self._stream = stream

    async def serve(self, asked: Asked, said: Said, take: Take) -> None:
        async def write(waiting: list[wire.Request | Publish]) -> None:
            for batch in said(waiting):
                await self._stream.write(batch)

        async def read() -> None:
            async for batch in self._stream:
                take(batch)

        await first(read(), asked.drain_into(write))


@asynccontextmanager
async def _over_frames(address: str, security: LinkSecurity | None) -> AsyncGenerator[Connection]:
    host, _, port = address.rpartition(":")
    context, name = (None, None) if security is None else (security.client, NAME)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            transport, frames = await loop.create_connection(
                lambda: Frames(asks=True), host.strip("[]"), int(port), ssl=context, server_hostname=name
            )
        transport.write(PREFACE)
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
