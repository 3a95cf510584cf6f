"""What goes out on a subscription, each thing as its finished gRPC frame.

The frames are built by hand because this is done once for each published message: 0.6 microseconds against 1.7 for
building and serialising message objects.
"""

from typing import NamedTuple

from api.framing import HEADER_BYTES, frame

_ONE_AND_TWO_BYTES = [
    bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7]) for number in range(1 << 14)
]
_FOURTEEN_BITS = [bytes([number & 0x7F | 0x80, number >> 7 | 0x80]) for number in range(1 << 14)]

HEARTBEAT = frame(b"\x1a\x00")


class Discontinuity(NamedTuple):
    """What a subscriber missed, or that numbering began anew.

    Attributes:
        last: The last number that the subscriber has, as far as is known.
        new: The number of the item that follows; where none is retained, the topic's last number.
        page: The page of what follows.
    """

    last: int
    new: int
    page: int

    def frame(self) -> bytes:
        """Return it as a gRPC frame."""
        numbers = ((b"\x08", self.last), (b"\x10", self.new), (b"\x18", self.page))
        fields = b"".join([tag + varint(number) for tag, number in numbers if number])
        return frame(b"\x12" + varint(len(fields)) + fields)


def varint(number: int) -> bytes:
    """Return a non-negative integer below 2**64 in protobuf's variable-length form."""
    if number < 1 << 14:
        return _ONE_AND_TWO_BYTES[number]
    return _FOURTEEN_BITS[number & 0x3FFF] + varint(number >> 14)


def item_frame(number: int, page: int, value: bytes, publisher_id: bytes) -> bytes:
    """Return one published value as a gRPC frame.

    Args:
        number: Its topic sequence number.
        page: Its sequence page.
        value: The serialised `_TopicValue`.
        publisher_id: UTF-8, empty where the publisher's token has none.
    """
    item = b"".join((b"\x08", varint(number), b"\x12", varint(len(value)), value, b"\x20", varint(page)))
    if publisher_id:
        item = b"".join((item, b"\x1a", varint(len(publisher_id)), publisher_id))
    length = varint(len(item))
    return b"".join((b"\0", (1 + len(length) + len(item)).to_bytes(4, "big"), b"\x0a", length, item))


def item_parts(frame: bytes) -> tuple[bytes, bytes]:
    """Return the value and the publisher's id of an item's frame, as `item_frame` was given them."""
    _, place = _varint_at(frame, HEADER_BYTES + 1)  # the length of the item
    _, place = _varint_at(frame, place + 1)  # its number
    length, place = _varint_at(frame, place + 1)
    value = frame[place : place + length]
    _, place = _varint_at(frame, place + length + 1)  # its page
    if place == len(frame):
        return value, b""
    length, place = _varint_at(frame, place + 1)
    return value, frame[place : place + length]


def _varint_at(data: bytes, place: int) -> tuple[int, int]:
    """Return the number that stands at a place, and the place after it."""
    number = shift = 0
    while data[place] & 0x80:
        number |= (data[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
    return number | data[place] << shift, place + 1


def value_size(value: bytes) -> int:
    """Return the size of the text or the bytes in a serialised `_TopicValue`: all but the tag and the length."""
    return _payload_size(len(value))


def item_size(frame: bytes) -> int:
    """Return the size of the text or the bytes in an item's frame, as `item_frame` makes it."""
    place = HEADER_BYTES + 1
    while frame[place] & 0x80:  # the length of the item
        place += 1
    place += 2  # past the last byte of that, and a tag
    while frame[place] & 0x80:  # its number
        place += 1
    place += 2  # to the length of the value
    length, shift = frame[place] & 0x7F, 7
    while frame[place] & 0x80:
        place += 1
        length |= (frame[place] & 0x7F) << shift
        shift += 7
    return _payload_size(length)


def _payload_size(length: int) -> int:
    if length < (1 << 7) + 2:
        return length - 2
    if length < (1 << 14) + 3:
        return length - 3
    return length - (4 if length < (1 << 21) + 4 else 5)
