"""What we read ourselves of strangers' bytes, with inputs that were made by chance from good ones.

Some thousands always; `TIDINGS_FUZZ_INPUTS=10000000` for a night. A run that fails names its seed: `TIDINGS_FUZZ_SEED`.
"""

import asyncio
import gzip
import os
import random
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from momento_wire_types import cachepubsub_pb2 as client

from api import blocks
from api import link_pb2 as wire
from api.blocks import Item, Publish, Stored
from api.errors import TidingsError
from api.framing import frame, unframe
from api.gone import ClientGone
from api.grpc_asgi import Message, request_message
from api.names import Topic
from api.topic_names import TopicNames
from api.usage import Batch, Line, Unreadable, decode, encode
from router.links.remote import RemoteLink
from storage.node import Node
from storage.ownership import SoleOwnership
from storage.session import Session
from tests.patience import patient

INPUTS = int(os.environ.get("TIDINGS_FUZZ_INPUTS", "6000"))
SEED = int(os.environ.get("TIDINGS_FUZZ_SEED", random.randrange(2**32)))
pytestmark = pytest.mark.timeout(patient(max(120, INPUTS // 1000)))
"""Seconds; on one core a thousand inputs take 0.1."""
MOST = 300
ANEW = 2000
"""After so many inputs a node or a link is begun anew, so that what they keep stays small."""

LENGTHS = [0, 1, 4, 5, 127, 128, 255, 256, 65_535, 2**31 - 1, 2**32 - 1]

_PUBLISH = client._PublishRequest(cache_name="cache", topic="topic", value=client._TopicValue(text="hello"))
_PACKED = gzip.compress(_PUBLISH.SerializeToString())
_TOPIC = wire.Topic(account="acme", cache="cache", name="topic")
_DURABLE = wire.Topic(account="acme", cache="cache", name="kept", durable=True)

_HELD = [Publish(id, Topic("acme", "cache", f"topic-{id}"), b"\n\1x", b"p") for id in (5, 6)]
_PUBLISHES = next(blocks.router_batches(_HELD, TopicNames(), as_blocks=True)).publishes

FRAMES = (
    frame(_PUBLISH.SerializeToString()),
    frame(b""),
    b"\1" + len(_PACKED).to_bytes(4, "big") + _PACKED,
    frame(_PUBLISH.SerializeToString()) * 2,
)
REQUESTS = [
    wire.RouterBatch(
        map_version=1,
        link=link,
        reads=blocks.READS,
        publishes=_PUBLISHES,
        requests=[
            wire.Request(id=1, publish=wire.Publish(topic=topic, value=b"\n\1x", publisher_id=b"p")),
            wire.Request(id=2, subscribe=wire.Subscribe(topic=topic, watch=3, number=1, page=4)),
            wire.Request(id=3, unsubscribe=wire.Unsubscribe(topic=topic)),
            wire.Request(id=4, recall=wire.Recall(ids=[1, 2])),
        ],
    ).SerializeToString()
    for topic, link in ((_TOPIC, ""), (_TOPIC, "link"), (_DURABLE, "link"))
]
EVENTS = [
    wire.NodeBatch(
        events=[
            wire.Event(receipt=wire.Receipt(id=1, page=2, number=3)),
            wire.Event(resumed=wire.Resumed(id=2, page=2, last=3, frames=[frame(b"x")], next=4)),
            wire.Event(item=wire.Item(watch=1, page=2, number=4, frame=frame(b"x"))),
            wire.Event(moved=wire.Moved(id=3, map_version=5)),
            wire.Event(moved=wire.Moved(watch=1, map_version=5)),
            wire.Event(failed=wire.Failed(id=4, message="no")),
            wire.Event(recalled=wire.Recalled(ids=[1])),
        ]
    ).SerializeToString(),
    *(
        batch.SerializeToString()
        for batch in blocks.node_batches([Item(1, 2, 4, frame(b"x")), Stored(1, 2, 3), Stored(2, 2, 4)], as_blocks=True)
    ),
]
BATCHES = [encode(Batch("router", "boot", 1, b"", 28_000_000, [Line("acme", "cache", "publish", "key:k", 1, 100, 1)]))]


class Nobody:
    """A sink that does nothing with what it is told."""

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None: ...

    def stands(self, topic: Topic, page: int, last: int) -> None: ...

    def moved(self, topic: Topic, map_version: int) -> None: ...


def changed(chance: random.Random, data: bytes) -> bytes:
    """Change a few things about bytes."""
    found = bytearray(data)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(6):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del found[at : at + chance.randint(1, 8)]
            case 3:
                found[at:at] = found[: chance.randrange(len(found) + 1)]
            case 4:
                found[1:5] = chance.choice(LENGTHS).to_bytes(4, "big")
            case _:
                found[at : at + 1] = bytes([chance.choice([0, 1, 0x7F, 0x80, 0xFF])])
    return bytes(found)


def inputs(corpus: Sequence[bytes]) -> Iterator[tuple[int, bytes, random.Random]]:
    """Yield so many inputs, with their number and the chance by which they were made."""
    for number in range(INPUTS):
        chance = random.Random(SEED + number)
        yield number, changed(chance, chance.choice(corpus)), chance


def now(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    """Return what a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def read(pieces: list[bytes], encoding: bytes) -> bytes | None:
    """Return the message of a body that comes in pieces, or None where it is refused."""
    left = list(pieces)

    def receive() -> Awaitable[Message]:
        async def event() -> Message:
            piece = left.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(left)}

        return event()

    try:
        return now(request_message(receive, MOST, encoding))
    except TidingsError:
        return None


def whole(body: bytes, encoding: bytes) -> bytes | None:
    try:
        return unframe(body, MOST, encoding)
    except TidingsError:
        return None


@pytest.fixture(autouse=True)
def seed() -> None:
    print(f"TIDINGS_FUZZ_SEED={SEED}")  # noqa: T201 - to run it again as it was


def test_a_body_means_the_same_however_it_is_cut() -> None:
    for number, body, chance in inputs(FRAMES):
        encoding = chance.choice([b"", b"gzip", b"identity", b"br"])
        cuts = sorted(chance.randrange(len(body) + 1) for _ in range(chance.randint(0, 4)))
        pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        message = read(pieces, encoding)
        assert message == whole(body, encoding), number
        assert message is None or len(message) <= MOST, number


def test_a_client_that_leaves_in_the_middle_is_gone() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        now(request_message(receive, MOST))


async def test_a_storage_node_bears_whatever_a_router_says() -> None:
    session = Session(Node("node-1"), SoleOwnership())
    for number, data, _ in inputs(REQUESTS):
        if number % ANEW == 0:
            session.close()
            await asyncio.sleep(0)
            session = Session(Node("node-1"), SoleOwnership())
        try:
            batch = wire.RouterBatch.FromString(data)
        except DecodeError:
            continue  # gRPC ends the stream of whoever sends that
        with suppress(ValueError, DecodeError):  # of a block; likewise
            session.take_all(batch)
        if number % 50 == 0:
            await asyncio.sleep(0)  # what it does beside
    assert not session.overflowed.is_set()
    session.close()


async def test_a_router_bears_whatever_a_storage_node_says() -> None:
    link = RemoteLink("127.0.0.1:1", Nobody())
    for number, data, chance in inputs(EVENTS):
        if number % ANEW == 0:
            link = RemoteLink("127.0.0.1:1", Nobody())
        link.watch(Topic("acme", "cache", f"topic-{chance.randrange(4)}"), chance.randrange(3), chance.randrange(3))
        try:
            batch = wire.NodeBatch.FromString(data)
        except DecodeError:
            continue
        with suppress(ValueError):  # the link breaks, and connects again
            link._take_all(batch)


def test_usage_is_a_batch_or_unreadable() -> None:
    for number, data, _ in inputs(BATCHES):
        try:
            batch = decode(data)
        except Unreadable:
            continue
        assert decode(encode(batch)) == batch, number
