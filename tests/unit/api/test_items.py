import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from momento_wire_types import cachepubsub_pb2 as wire

from api.account import LARGEST_MESSAGE_BYTES
from api.framing import unframe
from api.items import HEARTBEAT, Discontinuity, item_frame, item_parts, item_size, value_size, varint

NUMBERS = st.integers(0, 2**64 - 1)
VALUES = st.one_of(
    st.text().map(lambda text: wire._TopicValue(text=text)),
    st.binary().map(lambda data: wire._TopicValue(binary=data)),
)


def read(framed: bytes) -> wire._SubscriptionItem:
    return wire._SubscriptionItem.FromString(unframe(framed, 1 << 24))


def value_of(encoded: bytes) -> int:
    """Decode a varint in the plainest way."""
    assert all(byte & 0x80 for byte in encoded[:-1])
    assert not encoded[-1] & 0x80
    return sum((byte & 0x7F) << 7 * index for index, byte in enumerate(encoded))


@given(NUMBERS)
@example(0)
@example(127)
@example(128)
@example((1 << 14) - 1)
@example(1 << 14)
@example((1 << 28) - 1)
@example(1 << 28)
@example(2**64 - 1)
def test_a_varint_is_what_protobuf_writes(number: int) -> None:
    assert value_of(varint(number)) == number
    expected = wire._TopicItem(topic_sequence_number=number).SerializeToString()[1:]
    assert varint(number) == (expected or b"\0")


@given(NUMBERS, NUMBERS, VALUES, st.text())
@example(1, 1, wire._TopicValue(text=""), "")
def test_an_item_is_read_back_by_protobuf(number: int, page: int, value: wire._TopicValue, publisher_id: str) -> None:
    parts = value.SerializeToString(), publisher_id.encode()
    made = item_frame(number, page, *parts)
    message = read(made)
    expected = wire._TopicItem(topic_sequence_number=number, sequence_page=page, value=value, publisher_id=publisher_id)
    assert message == wire._SubscriptionItem(item=expected)
    assert item_parts(made) == parts


@given(VALUES)
def test_the_kind_of_a_value_survives_also_when_it_is_empty(value: wire._TopicValue) -> None:
    message = read(item_frame(1, 1, value.SerializeToString(), b""))
    assert message.item.value.WhichOneof("kind") == value.WhichOneof("kind")


@given(NUMBERS, NUMBERS, NUMBERS)
@example(0, 0, 0)
def test_a_discontinuity_is_read_back_by_protobuf(last: int, new: int, page: int) -> None:
    expected = wire._Discontinuity(last_topic_sequence=last, new_topic_sequence=new, new_sequence_page=page)
    assert read(Discontinuity(last, new, page).frame()) == wire._SubscriptionItem(discontinuity=expected)


def test_a_heartbeat_is_a_heartbeat() -> None:
    assert read(HEARTBEAT) == wire._SubscriptionItem(heartbeat=wire._Heartbeat())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 16_380, 16_384, 2**21 - 5, 2**21, LARGEST_MESSAGE_BYTES])
@pytest.mark.parametrize("number", [1, 127, 128, 2**40])
def test_the_size_of_a_value_is_known_from_its_frame(size: int, number: int) -> None:
    value = wire._TopicValue(binary=bytes(size)).SerializeToString()
    assert value_size(value) == size
    assert item_size(item_frame(number, 2**41, value, b"ada")) == size
