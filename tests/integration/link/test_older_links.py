"""A router and a storage node of which one is of 0.1, which knew no blocks: neither is sent what it does not read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from momento_wire_types import cachepubsub_pb2 as client

from api import link_pb2 as wire
from api import link_pb2_grpc
from storage.node import Node
from storage.ownership import SoleOwnership
from storage.server import Storage
from storage.sessions import Sessions
from tests.integration.link.test_remote_link import TOPIC, Heard, linked, say, serving
from tests.patience import patient, until

VALUE = client._TopicValue(text="x").SerializeToString()


def forgotten(message: Any) -> Any:
    """Return what a process reads that does not know the newer fields of a batch."""
    for field in ("reads", "publishes", "items", "receipts"):
        if field in message.DESCRIPTOR.fields_by_name:
            message.ClearField(field)
    return message


class OlderStorage(Storage):
    """Neither reads nor says anything newer than 0.1."""

    async def Connect(self, request_iterator: AsyncIterator[wire.RouterBatch], context: Any) -> None:  # noqa: N802 - generated name
        class Older:
            async def write(self, batch: wire.NodeBatch) -> None:
                await context.write(forgotten(batch))

        async def older() -> AsyncIterator[wire.RouterBatch]:
            async for batch in request_iterator:
                yield forgotten(batch)

        await super().Connect(older(), Older())


async def test_a_router_speaks_to_an_older_node_as_that_reads() -> None:
    heard = Heard()
    server = grpc.aio.server()
    generated: Any = link_pb2_grpc
    generated.add_StorageServicer_to_server(
        OlderStorage(Sessions(Node("node-1"), SoleOwnership()), SoleOwnership()), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with linked(port, heard, frames=False) as link:
        await link.subscribe(TOPIC, 0, 0)
        assert sorted(await asyncio.gather(*(say(link, f"{n}") for n in range(50)))) == list(range(1, 51))
        await until(lambda: heard.numbers == list(range(1, 51)))
    await server.stop(0)


async def test_a_node_speaks_to_an_older_router_as_that_reads() -> None:
    requests = [
        wire.Request(id=1, subscribe=wire.Subscribe(topic=wire.Topic(account="a", cache="c", name="t"), watch=7)),
        *(
            wire.Request(id=id, publish=wire.Publish(topic=wire.Topic(account="a", cache="c", name="t"), value=VALUE))
            for id in (2, 3)
        ),
    ]
    told: list[wire.Event] = []
    async with serving(Node("node-1")) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = link_pb2_grpc.StorageStub(channel)
        stream = stub.Connect()
        await stream.write(wire.RouterBatch(requests=requests, link="older"))
        async with asyncio.timeout(patient(10)):
            while len(told) < 5:
                batch = await stream.read()
                assert not batch.items
                assert not batch.receipts
                told += batch.events
        stream.cancel()
    assert [event.WhichOneof("kind") for event in told] == ["resumed", "item", "receipt", "item", "receipt"]
    assert [event.receipt.number for event in told if event.HasField("receipt")] == [1, 2]
