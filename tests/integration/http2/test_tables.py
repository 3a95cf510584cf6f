"""Header compression (RFC 7541): what a block means follows the table, whatever the same bytes meant before."""

import random

import hpack
import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving

STATIC_ENTRIES = 61
NEWEST = bytes((0x80 | STATIC_ENTRIES + 1,))
"""A field that is the entry which was added last."""

BEGINNING = wire.block(wire.fields())


def indexed(name: bytes, value: bytes) -> bytes:
    """Return a field that is added to the table."""
    return b"\x40" + _string(name) + _string(value)


def resized(size: int) -> bytes:
    """Return the instruction that gives the table another size."""
    if size < 31:
        return bytes((0x20 | size,))
    rest, found = size - 31, bytearray(b"\x3f")
    while rest >= 128:
        found.append(rest & 127 | 128)
        rest >>= 7
    return bytes((*found, rest))


def _string(text: bytes) -> bytes:
    assert len(text) < 127
    return bytes((len(text),)) + text


async def names(service: Service, *blocks: bytes) -> list[list[tuple[bytes, bytes]]]:
    """Make a request of each block, on one connection; return the fields beyond the usual ones."""
    peer = await service.peer()
    for number, block in enumerate(blocks):
        stream = 2 * number + 1
        peer.send(wire.head(stream, block, end=True))
        assert (await peer.answer(stream)).status == 0, number
    usual = {b"host", b"content-type", b"te"}
    return [[field for field in scope["headers"] if field[0] not in usual] for scope in service.app.scopes]


async def test_the_same_bytes_mean_what_was_added_last(service: Service) -> None:
    newest = BEGINNING + NEWEST
    found = await names(
        service,
        BEGINNING + indexed(b"x-user", b"ada"),
        newest,
        newest,
        BEGINNING + indexed(b"x-user", b"bob"),
        newest,
        newest,
        BEGINNING + indexed(b"x-user", b"ada"),
        newest,
    )
    ada, bob = [(b"x-user", b"ada")], [(b"x-user", b"bob")]
    assert found == [ada, ada, ada, bob, bob, bob, ada, ada]


async def test_a_block_that_adds_to_the_table_adds_each_time(service: Service) -> None:
    adds = BEGINNING + indexed(b"x-user", b"ada")
    second = BEGINNING + bytes((0x80 | STATIC_ENTRIES + 2,))
    found = await names(service, BEGINNING + indexed(b"x-user", b"bob"), adds, second, adds, second)
    ada, bob = [(b"x-user", b"ada")], [(b"x-user", b"bob")]
    assert found == [bob, ada, bob, ada, ada]


async def test_a_block_that_adds_and_reads_in_one_is_never_taken_for_another(service: Service) -> None:
    both = BEGINNING + NEWEST + indexed(b"x-user", b"ada")
    found = await names(service, BEGINNING + indexed(b"x-user", b"bob"), both, both)
    ada, bob = (b"x-user", b"ada"), (b"x-user", b"bob")
    assert found == [[bob], [bob, ada], [ada, ada]]


async def test_an_entry_that_equals_the_one_before_still_moves_all_others(service: Service) -> None:
    """The table looks the same at its newest end, and has moved on."""
    entry = indexed(b"x-user", b"ada")
    third = BEGINNING + bytes((0x80 | STATIC_ENTRIES + 3,))
    found = await names(
        service,
        resized(37 * 4 + 32 * 0) + BEGINNING + indexed(b"x", b"1") + indexed(b"x", b"2") + entry,
        third,
        BEGINNING + entry,
        third,
        BEGINNING + entry,
        third,
    )
    assert [fields[-1] for fields in found[1::2]] == [(b"x", b"1"), (b"x", b"2"), (b"x-user", b"ada")]


async def test_a_smaller_table_forgets_what_a_known_block_spoke_of(service: Service) -> None:
    newest = BEGINNING + NEWEST
    peer = await service.peer()
    peer.send(wire.head(1, BEGINNING + indexed(b"x-user", b"ada"), end=True), wire.head(3, newest, end=True))
    assert (await peer.answer(3)).status == 0
    peer.send(wire.head(5, resized(0) + resized(4096) + BEGINNING, end=True))
    assert (await peer.answer(5)).status == 0
    peer.send(wire.head(7, newest, end=True))
    await peer.dismissed(wire.COMPRESSION_ERROR)
    assert len(service.app.scopes) == 3


async def test_a_block_may_empty_the_table_and_fill_it_as_it_was(service: Service) -> None:
    entry = indexed(b"x-user", b"ada")
    found = await names(
        service,
        BEGINNING + indexed(b"x-user", b"bob") + entry,
        BEGINNING + bytes((0x80 | STATIC_ENTRIES + 2,)),
        resized(0) + resized(4096) + BEGINNING + indexed(b"x-user", b"eve") + entry,
        BEGINNING + bytes((0x80 | STATIC_ENTRIES + 2,)),
    )
    assert [fields[0][1] for fields in found[1::2]] == [b"bob", b"eve"]


async def test_what_one_connection_has_in_its_table_no_other_sees(service: Service) -> None:
    await names(service, BEGINNING + indexed(b"authorization", b"secret"), BEGINNING + NEWEST)
    peer = await service.peer()
    peer.send(wire.head(1, BEGINNING + NEWEST, end=True))
    await peer.dismissed(wire.COMPRESSION_ERROR)


async def test_a_request_that_is_refused_has_still_changed_the_table(service: Service) -> None:
    peer = await service.peer()
    newest = BEGINNING + NEWEST
    peer.send(wire.head(1, BEGINNING + indexed(b"x-user", b"ada"), end=True), wire.head(3, newest, end=True))
    get = wire.block(wire.fields(method="GET"))
    peer.send(wire.head(5, get + indexed(b"x-user", b"bob"), end=True), wire.head(7, newest, end=True))
    assert (await peer.answer(5)).reset == wire.HTTP_1_1_REQUIRED
    await peer.answer(7)
    assert [dict(scope["headers"])[b"x-user"] for scope in service.app.scopes] == [b"ada", b"ada", b"bob"]


async def test_trailers_change_the_table_as_well(service: Service) -> None:
    peer = await service.peer()
    trailers = indexed(b"x-user", b"ada")
    peer.send(wire.head(1, BEGINNING), wire.head(1, trailers, end=True), wire.head(3, BEGINNING + NEWEST, end=True))
    await peer.answer(3)
    assert dict(service.app.scopes[-1]["headers"])[b"x-user"] == b"ada"


async def test_a_stream_over_the_limit_has_still_changed_the_table() -> None:
    async with serving(streams=1) as service:
        peer = await service.peer()
        peer.send(wire.request(1, "/held"))
        peer.send(wire.head(3, BEGINNING + indexed(b"x-user", b"ada"), end=True))
        assert (await peer.answer(3)).reset == wire.REFUSED_STREAM
        service.app.go.set()
        await peer.answer(1)
        peer.send(wire.head(5, BEGINNING + NEWEST, end=True))
        await peer.answer(5)
        assert dict(service.app.scopes[-1]["headers"])[b"x-user"] == b"ada"


@pytest.mark.parametrize("seed", range(8))
async def test_any_sequence_means_what_a_decoder_without_memory_reads(service: Service, seed: int) -> None:
    """Few names and values and a table of few entries: the same bytes come often, and mean something else as often."""
    chance = random.Random(seed)
    encoder, plain = hpack.Encoder(), hpack.Decoder()
    peer = await service.peer()
    expected: list[list[tuple[bytes, bytes]]] = []
    for stream in range(1, 801, 2):
        if chance.random() < 0.1:
            encoder.header_table_size = chance.choice([0, 40, 80, 160, 4096])
        extra = [(f"x-{chance.randrange(3)}", f"{chance.randrange(3)}") for _ in range(chance.randrange(4))]
        block = encoder.encode(wire.fields(extra=extra), huffman=chance.random() < 0.5)
        expected.append([(bytes(name), bytes(value)) for name, value in plain.decode(block, raw=True)])
        peer.send(wire.head(stream, block, end=True))
    await peer.answer(799)
    told = [[field for field in scope["headers"] if field[0].startswith(b"x-")] for scope in service.app.scopes]
    assert told == [[field for field in fields if field[0].startswith(b"x-")] for fields in expected]


BROKEN = {
    "an index of nothing": b"\x80",
    "an index beyond the table": b"\xff\x80\x01",
    "a number without end": b"\xff" + b"\xff" * 20,
    "a string that is cut": b"\x40\x05ab",
    "a length beyond the block": b"\x40\x7f\xff\xff\xff\x7f",
    "a wrong Huffman code": b"\x40\x84\xff\xff\xff\xff\x01a",
    "Huffman's padding of eight bits": b"\x40\x82\x1f\xff\x01a",
    "a table over its limit": b"\x3f\xe2\x1f",
    "a table without end": b"\x3f\xff\xff\xff\xff\x7f",
    "another size in the middle": BEGINNING + resized(100),
    "half a block": BEGINNING[:-3],
}


@pytest.mark.parametrize("block", BROKEN.values(), ids=BROKEN)
async def test_a_block_that_cannot_be_decoded_ends_the_connection(service: Service, block: bytes) -> None:
    peer = await service.peer()
    peer.send(wire.request(1))
    await peer.answer(1)
    peer.send(wire.head(3, block, end=True))
    await peer.dismissed(wire.COMPRESSION_ERROR)
    await service.serves_others()


async def test_a_small_block_of_much_is_not_unpacked() -> None:
    """A bomb: an entry of 4,000 bytes, and thousands of one-byte references to it."""
    async with serving(header_bytes=20_000) as service:
        peer = await service.peer()
        entry = b"\x40" + _string(b"x-bomb") + b"\x7f\xa1\x1e" + b"y" * 4000
        peer.send(wire.head(1, BEGINNING + entry, end=True))
        assert (await peer.answer(1)).status == 0
        peer.send(wire.head(3, BEGINNING + NEWEST * 10_000, end=True))
        await peer.until(lambda: peer.is_closed or peer.answers[3].reset is not None)
        await service.serves_others()
        assert len(service.app.scopes) == 2


async def test_headers_up_to_the_limit_are_taken_and_no_more(service: Service) -> None:
    peer = await service.peer()
    for stream, length in ((1, 60_000), (3, 62_000)):
        block = wire.block(wire.fields(extra=[("x-long", "v" * length)]))
        pieces = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
        peer.send(wire.frame(wire.HEADERS, wire.END_STREAM, stream, pieces[0]))
        peer.send(*(wire.frame(wire.CONTINUATION, 0, stream, part) for part in pieces[1:]))
        peer.send(wire.frame(wire.CONTINUATION, wire.END_HEADERS, stream))
        await peer.until(lambda stream=stream: peer.is_closed or peer.answers[stream].is_over)
    assert peer.answers[1].status == 0
    assert peer.answers[3].status is None
    assert wire.ENHANCE_YOUR_CALM in (peer.answers[3].reset, *(code for _, code in peer.goaways))
    await service.serves_others()


@pytest.mark.parametrize("size", [0, 30, 31, 4096])
async def test_the_tables_size_changes_twice_in_a_block_at_most(service: Service, size: int) -> None:
    """More is never needed, and a block of nothing else would have everybody wait."""
    peer = await service.peer()
    peer.send(wire.head(1, resized(0) + resized(size) + BEGINNING, end=True))
    assert (await peer.answer(1)).status == 0
    peer.send(wire.head(3, resized(size) * 3 + BEGINNING, end=True))
    await peer.dismissed(wire.COMPRESSION_ERROR)
