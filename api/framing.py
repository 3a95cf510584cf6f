"""gRPC's length-prefixed messages, without I/O: one byte of flags, four bytes of length, then the message.

A frame is judged by its header, before its body is read or unpacked.
"""

import zlib

from api.errors import InvalidArgument, MessageTooLarge, Unimplemented

HEADER_BYTES = 5
EMPTY = b"\0\0\0\0\0"
"""The frame of a message without fields."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def frame(message: bytes) -> bytes:
    """Return `message` as one uncompressed frame."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def check_length(body: bytes | bytearray, most: int) -> None:
    """Refuse the start of a body by the length that its header claims.

    Raises:
        MessageTooLarge: the message is longer than `most` bytes.
    """
    if len(body) >= HEADER_BYTES and (length := _length(body)) > most:
        raise MessageTooLarge(f"the request is {length} bytes long; at most {most} are accepted")


def unframe(body: bytes, most: int, encoding: bytes = b"") -> bytes:
    """Return the one message in the body of a unary or server-streaming request.

    Args:
        body: The whole body.
        most: How many bytes the message may have, before and after decompression.
        encoding: The value of `grpc-encoding`.

    Raises:
        InvalidArgument: the body is not exactly one frame, or is not what its encoding says.
        MessageTooLarge: the message is longer than `most` bytes.
        Unimplemented: the encoding is not gzip.
    """
    if len(body) < HEADER_BYTES:
        raise InvalidArgument(f"the request body has {len(body)} bytes, too few for a gRPC message")
    check_length(body, most)
    if len(body) != HEADER_BYTES + _length(body):
        raise InvalidArgument("the request body is not exactly one gRPC message")
    match body[0]:
        case 0:
            return body[HEADER_BYTES:]
        case 1:
            return _decompressed(body[HEADER_BYTES:], most, encoding)
        case _:
            raise InvalidArgument("the gRPC message has an unknown flag")


def _length(body: bytes | bytearray) -> int:
    return body[1] << 24 | body[2] << 16 | body[3] << 8 | body[4]


def _decompressed(data: bytes, most: int, encoding: bytes) -> bytes:
    if encoding in (b"", b"identity"):
        raise InvalidArgument("the gRPC message is compressed, but the request names no grpc-encoding")
    if encoding != b"gzip":
        raise Unimplemented("this grpc-encoding is not offered; send gzip or identity")
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        message = stream.decompress(data, most + 1)
    except zlib.error as reason:
        raise InvalidArgument("the gRPC message is not valid gzip") from reason
    if len(message) > most:
        raise MessageTooLarge(f"the decompressed request is longer than the {most} bytes that are accepted")
    if not stream.eof or stream.unused_data:
        raise InvalidArgument("the gRPC message is not exactly one gzip member")
    return message
