"""A server's decoder reads both forms of a request's headers as the same."""

import hpack
import pytest

from bench import header_blocks

HEADERS = ((b":path", b"/a"), (b":authority", b"h:1"), (b"te", b"trailers"), (b"authorization", b"k" * 700))


def test_the_later_block_means_what_the_first_one_taught():
    blocks = header_blocks.post(HEADERS)
    decoder = hpack.Decoder()
    first = list(decoder.decode(blocks.first, raw=True))
    later = [list(decoder.decode(blocks.later, raw=True)) for _ in range(3)]
    assert first == [(b":method", b"POST"), (b":scheme", b"http"), *HEADERS]
    assert later == [first] * 3
    assert len(blocks.later) == 6


def test_headers_that_do_not_fit_the_table_are_refused():
    with pytest.raises(ValueError, match="table"):
        header_blocks.post(((b"authorization", b"k" * 4096),))


def test_a_block_without_a_table_is_read():
    block = hpack.Encoder().encode([(b"grpc-status", b"5")])
    assert header_blocks.read(block) == {b"grpc-status": b"5"}


@pytest.mark.parametrize("coded", [True, False], ids=["in Huffman's code", "as it is"])
def test_one_header_is_found_without_reading_the_others(coded: bool) -> None:
    names = header_blocks.literal_names(b"grpc-status")
    before, after = (
        hpack.Encoder().encode([header], huffman=coded) for header in ((b"grpc-message", b"busy"), (b"x-id", b"14-1"))
    )
    block = before + b"\x00" + names[0 if coded else 1] + b"\x0214" + after
    assert header_blocks.read(block)[b"grpc-status"] == b"14"
    assert header_blocks.literal(block, names) == "14"
    assert header_blocks.literal(block, header_blocks.literal_names(b"grpc-other")) is None
