"""Publishes, items and receipts of the inner link as blocks: records of a fixed head and bytes behind it, joined.

A message of protobuf for each costs three to four times as much on either side. Processes of 0.1 know no blocks, so
each side sends them only when the other has said that it reads them, and until then a message for each.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from api import link_pb2 as wire
from api.names import Topic
from api.topic_names import TopicNames, topic_message

READS: Final = 1
"""What `reads` says of a process of this version."""

_PUBLISH: Final = struct.Struct("<QIIH")
"""Its id, and the lengths of its value, its topic and its publisher's id, which follow in this order."""

_ITEM: Final = struct.Struct("<QQQI")
"""Its watch, page and number, and the length of its frame, which follows."""

_RECEIPT: Final = struct.Struct("<QQQ")


class Publish(NamedTuple):
    """A publish, as `wire.Publish`; the few that are traced go as that."""

    id: int
    topic: Topic
    value: bytes
    publisher_id: bytes
    traceparent: str = ""


class Item(NamedTuple):
    """An item of a watched topic, as `wire.Item`; the few that are traced go as that."""

    watch: int
    page: int
    number: int
    frame: bytes
    traceparent: str = ""


class Stored(NamedTuple):
    """The receipt of a publish, as `wire.Receipt`."""

    id: int
    page: int
    number: int


def router_batches(
    waiting: Sequence[wire.Request | Publish], names: TopicNames, *, as_blocks: bool
) -> Iterator[wire.RouterBatch]:
    """Return batches that say what waits, in its order; more than one where a request stands behind a publish."""
    requests: list[wire.Request] = []
    block: list[bytes] = []
    for each in waiting:
        if as_blocks and isinstance(each, Publish) and not each.traceparent:
            id, topic, value, publisher_id, _ = each
            name = names.bytes_of(topic)
            block += (_PUBLISH.pack(id, len(value), len(name), len(publisher_id)), value, name, publisher_id)
            continue
        if block:
            yield wire.RouterBatch(requests=requests, publishes=b"".join(block))
            requests, block = [], []
        requests.append(publish_request(each) if isinstance(each, Publish) else each)
    yield wire.RouterBatch(requests=requests, publishes=b"".join(block))


def publish_request(publish: Publish) -> wire.Request:
    """Return a publish as a message."""
    id, topic, value, publisher_id, traceparent = publish
    message = wire.Publish(topic=topic_message(topic), value=value, publisher_id=publisher_id, traceparent=traceparent)
    return wire.Request(id=id, publish=message)


def publishes(block: bytes, names: TopicNames) -> Iterator[Publish]:
    """Return the publishes of a block.

    Raises:
        ValueError: it is cut off.
        google.protobuf.message.DecodeError: a topic in it is none.
    """
    place = 0
    while place < len(block):
        id, value_bytes, name_bytes, publisher_bytes = _head(_PUBLISH, block, place)
        value_end = place + _PUBLISH.size + value_bytes
        name_end = value_end + name_bytes
        end = name_end + publisher_bytes
        if end > len(block):
            raise ValueError("a block of publishes is cut off")
        topic = names.topic_of(block[value_end:name_end])
        yield Publish(id, topic, block[place + _PUBLISH.size : value_end], block[name_end:end])
        place = end


def node_batches(waiting: Sequence[wire.Event | Item | Stored], *, as_blocks: bool) -> Iterator[wire.NodeBatch]:
    """Return batches that say what waits; more than one where an event stands behind an item.

    Items and events keep their order. A receipt may come later than what stood behind it: it is about nothing else.
    """
    events: list[wire.Event] = []
    block: list[bytes] = []
    receipts: list[int] = []
    for each in waiting:
        if as_blocks and isinstance(each, Stored):
            receipts += each
            continue
        if as_blocks and isinstance(each, Item) and not each.traceparent:
            watch, page, number, frame, _ = each
            block += (_ITEM.pack(watch, page, number, len(frame)), frame)
            continue
        if block:
            yield wire.NodeBatch(events=events, items=b"".join(block))
            events, block = [], []
        events.append(event(each))
    packed = struct.pack(f"<{len(receipts)}Q", *receipts)
    yield wire.NodeBatch(events=events, items=b"".join(block), receipts=packed)


def event(told: wire.Event | Item | Stored) -> wire.Event:
    """Return an item or a receipt as a message."""
    match told:
        case Item(watch, page, number, frame, traceparent):
            item = wire.Item(watch=watch, page=page, number=number, frame=frame, traceparent=traceparent)
            return wire.Event(item=item)
        case Stored(id, page, number):
            return wire.Event(receipt=wire.Receipt(id=id, page=page, number=number))
        case _:
            return told


def items(block: bytes) -> Iterator[Item]:
    """Return the items of a block.

    Raises:
        ValueError: it is cut off.
    """
    place = 0
    while place < len(block):
        watch, page, number, frame_bytes = _head(_ITEM, block, place)
        end = place + _ITEM.size + frame_bytes
        if end > len(block):
            raise ValueError("a block of items is cut off")
        yield Item(watch, page, number, block[place + _ITEM.size : end])
        place = end


def receipts(block: bytes) -> Iterator[tuple[int, int, int]]:
    """Return the receipts of a block: id, page and number of each.

    Raises:
        ValueError: it is cut off.
    """
    if len(block) % _RECEIPT.size:
        raise ValueError("a block of receipts is cut off")
    return _RECEIPT.iter_unpack(block)


def _head(shape: struct.Struct, block: bytes, place: int) -> tuple[int, ...]:
    if place + shape.size > len(block):
        raise ValueError("a block is cut off within a head")
    return shape.unpack_from(block, place)
