import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import InvalidArgument, MessageTooLarge, TidingsError, Unimplemented
from api.framing import EMPTY, HEADER_BYTES, check_length, frame, unframe

MOST = 1000


def compressed(data: bytes) -> bytes:
    return b"\1" + len(data).to_bytes(4, "big") + data


def refused(body: bytes, encoding: bytes = b"") -> type[TidingsError] | None:
    """Return the type of the refusal; any other exception passes."""
    try:
        unframe(body, MOST, encoding)
    except TidingsError as error:
        return type(error)
    return None


@given(st.binary(max_size=MOST))
def test_what_is_framed_is_unframed(message: bytes) -> None:
    assert unframe(frame(message), MOST) == message


@given(st.binary(max_size=MOST))
def test_what_is_gzipped_is_unzipped(message: bytes) -> None:
    assert unframe(compressed(gzip.compress(message)), MOST, b"gzip") == message


def test_a_message_without_fields_is_a_header_alone() -> None:
    assert frame(b"") == EMPTY
    assert unframe(EMPTY, 0) == b""


@given(st.binary(max_size=MOST), st.data())
def test_every_truncation_is_refused(message: bytes, data: st.DataObject) -> None:
    whole = frame(message)
    assert refused(whole[: data.draw(st.integers(0, len(whole) - 1))]) is InvalidArgument


@given(st.binary(max_size=MOST), st.integers(0, 2**32 - 1))
def test_every_lie_about_the_length_is_refused(message: bytes, claimed: int) -> None:
    refusal = refused(b"\0" + claimed.to_bytes(4, "big") + message)
    if claimed == len(message):
        assert refusal is None
    else:
        assert refusal is (MessageTooLarge if claimed > MOST else InvalidArgument)


@given(st.integers(2, 255), st.binary(max_size=100))
def test_every_unknown_flag_is_refused(flag: int, message: bytes) -> None:
    assert refused(bytes([flag]) + frame(message)[1:]) is InvalidArgument


@given(st.binary(max_size=200), st.sampled_from([b"", b"gzip", b"identity", b"br", b"\xff"]))
def test_whatever_comes_is_a_message_or_an_error_of_ours(body: bytes, encoding: bytes) -> None:
    assert refused(body, encoding) in {None, InvalidArgument, MessageTooLarge, Unimplemented}


@given(st.binary(max_size=200))
def test_whatever_comes_as_gzip_is_a_message_or_an_error_of_ours(data: bytes) -> None:
    assert refused(compressed(data), b"gzip") in {None, InvalidArgument}


@given(st.binary(max_size=300), st.data())
def test_gzip_that_stops_early_or_goes_on_is_refused(message: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(message)
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert refused(compressed(packed[:cut]), b"gzip") is InvalidArgument
    assert refused(compressed(packed + b"more"), b"gzip") is InvalidArgument


def test_a_compressed_message_needs_an_encoding_that_is_offered() -> None:
    packed = compressed(gzip.compress(b"x"))
    assert refused(packed) is InvalidArgument
    assert refused(packed, b"identity") is InvalidArgument
    assert refused(packed, b"snappy") is Unimplemented
    assert refused(compressed(zlib.compress(b"x")), b"gzip") is InvalidArgument


def test_an_uncompressed_message_may_come_with_any_encoding_named() -> None:
    assert unframe(frame(b"x"), MOST, b"gzip") == b"x"


@pytest.mark.parametrize("size", [MOST + 1, 2 * MOST, 100 * MOST])
def test_a_message_that_unpacks_to_more_than_the_limit_is_refused(size: int) -> None:
    assert refused(compressed(gzip.compress(bytes(size))), b"gzip") is MessageTooLarge


def test_a_message_that_unpacks_to_the_limit_is_accepted() -> None:
    assert unframe(compressed(gzip.compress(bytes(MOST))), MOST, b"gzip") == bytes(MOST)


def test_a_gzip_bomb_costs_no_more_than_the_limit() -> None:
    bomb = compressed(gzip.compress(bytes(100_000_000)))
    tracemalloc.start()
    with pytest.raises(MessageTooLarge):
        unframe(bomb, 1_000_000, b"gzip")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 5_000_000


def test_the_length_is_judged_by_the_header_alone() -> None:
    with pytest.raises(MessageTooLarge, match="1001 bytes long; at most 1000"):
        check_length(b"\0" + (MOST + 1).to_bytes(4, "big"), MOST)
    check_length(b"\0" + MOST.to_bytes(4, "big"), MOST)
    check_length(b"\0\xff\xff\xff"[: HEADER_BYTES - 1], MOST)
