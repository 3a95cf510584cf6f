"""What costs a client nothing and a server something is bounded, and a client beside it feels nothing."""

import asyncio
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.peer import Peer
from tests.integration.http2.serving import Service, serving

MANY = 3000
SMALL: dict[str, Any] = {"spare_frames": 50, "spare_frames_a_second": 1.0, "resets": 50, "resets_a_second": 1.0}
PRIORITY = wire.frame(wire.PRIORITY, 0, 1, struct.pack(">IB", 0, 15))


def resets() -> Iterator[bytes]:
    """Rapid reset (CVE-2023-44487)."""
    for stream in range(1, 2 * MANY, 2):
        yield wire.headers(stream, "/silent", end=True) + wire.reset(stream)


def provoked_resets() -> Iterator[bytes]:
    """Streams that the server has to reset (CVE-2025-8671)."""
    for stream in range(1, 2 * MANY, 2):
        yield wire.headers(stream, "/silent") + wire.window_update(stream, 0)


def refused_requests() -> Iterator[bytes]:
    for stream in range(1, 2 * MANY, 2):
        yield wire.head(stream, wire.block(wire.fields(method="GET")), end=True)


def continuations() -> Iterator[bytes]:
    """A header block without end (CVE-2024-27983 and its like)."""
    yield wire.frame(wire.HEADERS, 0, 1, wire.block(wire.fields()))
    for number in range(MANY):
        yield wire.frame(wire.CONTINUATION, 0, 1, wire.block([(f"x-{number}", "y" * 1000)]))


def empty_continuations() -> Iterator[bytes]:
    yield wire.frame(wire.HEADERS, 0, 1, wire.block(wire.fields()))
    for _ in range(MANY):
        yield wire.frame(wire.CONTINUATION, 0, 1)


def empty_data() -> Iterator[bytes]:
    yield wire.headers(1)
    for _ in range(MANY):
        yield wire.data(1)


def padded_nothing() -> Iterator[bytes]:
    yield wire.headers(1)
    for _ in range(MANY):
        yield wire.frame(wire.DATA, wire.PADDED, 1, b"\x0a" + bytes(10))


def pings() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.ping()


def settings() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.settings()


def settings_that_move_windows() -> Iterator[bytes]:
    yield b"".join(wire.request(stream, "/stream/100/1000") for stream in range(1, 401, 2))
    for number in range(MANY):
        yield wire.settings([(wire.INITIAL_WINDOW_SIZE, number % 2)])


def acknowledgements() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.ACKNOWLEDGED


def priorities() -> Iterator[bytes]:
    for _ in range(MANY):
        yield PRIORITY


def unknown_frames() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.frame(99, 0, 0, b"whatever")


def window_updates() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.window_update(0, 1)


def window_updates_of_streams() -> Iterator[bytes]:
    yield wire.headers(1)
    for _ in range(MANY):
        yield wire.window_update(1, 1)


def data_of_what_is_over() -> Iterator[bytes]:
    yield wire.headers(1) + wire.reset(1)
    for _ in range(MANY):
        yield wire.data(1, b"x")


def goaways() -> Iterator[bytes]:
    for _ in range(MANY):
        yield wire.goaway()


FLOODS = (
    resets,
    provoked_resets,
    refused_requests,
    continuations,
    empty_continuations,
    empty_data,
    padded_nothing,
    pings,
    settings,
    settings_that_move_windows,
    acknowledgements,
    priorities,
    unknown_frames,
    window_updates,
    window_updates_of_streams,
    data_of_what_is_over,
    goaways,
)


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_ends_its_connection(flood: Callable[[], Iterator[bytes]]) -> None:
    async with serving(**SMALL) as service:
        peer = await service.peer()
        for piece in flood():
            if peer.is_closed:
                break
            peer.send(piece)
        await service.serves_others()
        await peer.dismissed(wire.ENHANCE_YOUR_CALM)


@pytest.mark.parametrize("flood", [pings, settings])
async def test_a_flood_that_reads_no_answer_is_not_kept(flood: Callable[[], Iterator[bytes]]) -> None:
    """What the server has to say is bounded by what it reads; a client that reads nothing is not read either."""
    async with serving(spare_frames=10**9, stalled_seconds=10**9, ping_seconds=10**9) as service:
        peer = await service.peer()
        peer.stall()
        for _ in range(20):
            for piece in flood():
                peer.send(piece)
            await service.serves_others()
        (socket,) = service.server._sockets
        assert socket._transport.get_write_buffer_size() < 2**20


async def test_one_settings_frame_moves_the_windows_once(service: Service) -> None:
    """However many values it has: each would go through all streams, of which there are thousands."""
    peer = await service.peer()
    peer.send(*(wire.headers(stream) for stream in range(1, 4001, 2)))
    await peer.pong()

    async def cost(values: int) -> float:
        began = time.process_time()
        for _ in range(3):
            peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, number % 2) for number in range(values)]))
            await peer.pong()
        return time.process_time() - began

    assert await cost(2730) < 100 * await cost(2)


async def test_a_client_that_reads_nothing_holds_little(service: Service) -> None:
    """200 answers of 10 MB each: of each no more is made than the windows take."""
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**30)]))
    peer.send(wire.window_update(0, 2**30))
    await peer.pong()
    peer.stall()
    peer.send(*(wire.request(stream, "/stream/1000/10000") for stream in range(1, 401, 2)))
    await service.until(lambda: service.app.running == 200)
    for _ in range(20):
        await service.serves_others()
    assert service.app.sent_bytes < 2**22
    (socket,) = service.server._sockets
    assert socket._transport.get_write_buffer_size() < 2**20


async def test_a_client_without_windows_holds_nothing(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]))
    peer.send(*(wire.request(stream, "/stream/1000/10000") for stream in range(1, 401, 2)))
    await service.until(lambda: service.app.running == 200)
    await service.serves_others()
    assert service.app.sent_bytes == 0
    peer.send(*(wire.reset(stream) for stream in range(1, 401, 2)))
    await service.until(lambda: service.app.left == 200)


async def test_requests_without_end_are_bounded_together() -> None:
    async with serving(held_bytes=500_000) as service:
        peers = [await service.peer() for _ in range(10)]
        body = b"".join(wire.data(1, bytes(10_000)) for _ in range(10))
        for peer in peers:
            peer.send(wire.headers(1, "/count"), body)
            await peer.pong()
        assert service.server.counts.held_bytes <= 510_000
        refused = [peer for peer in peers if peer.answers[1].status == 14]
        assert 4 <= len(refused) <= 6
        for peer in peers:
            peer.send(wire.reset(1))
            await peer.pong()
        assert service.server.counts.held_bytes == 0
        await service.serves_others()


@pytest.mark.parametrize("many", [1, 10])
async def test_who_holds_much_takes_no_room_from_those_who_send_little(many: int) -> None:
    """Neither by one connection nor by some: whoever holds more than its part is refused, and not who comes last."""
    async with serving(held_bytes=500_000) as service:
        greedy = [await service.peer() for _ in range(many)]
        calm = await service.peer()
        calm.send(wire.headers(1))
        for number in range(100):
            for peer in greedy:
                stream = 2 * number + 1
                peer.send(wire.headers(stream), wire.data(stream, bytes(10_000)))
                await peer.pong()
            assert service.server.counts.held_bytes < 2 * 500_000
            if number == 99:
                break
            calm.send(wire.data(1, bytes(100)))
            await calm.pong()
        assert any(answer.status == 14 for peer in greedy for answer in peer.answers.values())
        calm.send(wire.data(1, b"end", end=True))
        assert (await calm.answer(1)).status == 0


async def test_long_headers_of_requests_that_are_not_whole_are_held_too() -> None:
    async with serving(held_bytes=100_000) as service:
        peer = await service.peer()
        for stream in range(1, 61, 2):
            peer.send(wire.headers(stream, extra=[("x-long", f"{stream}" * 5000)]))
        await peer.pong()
        assert 50_000 < service.server.counts.held_bytes <= 100_000
        assert any(answer.status == 14 for answer in peer.answers.values())


async def test_many_requests_that_are_not_whole_are_held_however_short() -> None:
    """Seventeen bytes begin a stream, which takes hundreds here until it is whole or too late."""
    async with serving(held_bytes=200_000) as service:
        calm, greedy = await service.peer(), await service.peer()
        few, many = range(1, 101, 2), range(1, 2001, 2)
        calm.send(*(wire.headers(stream) for stream in few))
        greedy.send(*(wire.headers(stream) for stream in many))
        await calm.pong()
        await greedy.pong()
        assert 100_000 < service.server.counts.held_bytes <= 200_000
        assert any(greedy.answers[stream].status == 14 for stream in many)
        calm.send(*(wire.data(stream, b"end", end=True) for stream in few))
        assert [(await calm.answer(stream)).status for stream in few] == [0] * len(few)
        greedy.send(*(wire.reset(stream) for stream in many if not greedy.answers[stream].is_over))
        await greedy.pong()
        assert service.server.counts.held_bytes == 0


async def test_calls_that_wait_for_the_application_are_bounded_together() -> None:
    async with serving(unanswered=10) as service:
        peers = [await service.peer() for _ in range(2)]
        for peer in peers:
            peer.send(*(wire.headers(stream, "/silent", end=True) for stream in range(1, 13, 2)))
            await peer.pong()
        assert service.server.counts.unanswered == 10
        assert sum(answer.status == 14 for peer in peers for answer in peer.answers.values()) == 2
        for peer in peers:
            peer.send(*(wire.reset(stream) for stream in range(1, 13, 2)))
        await service.until(lambda: service.server.counts.unanswered == 0)
        await service.serves_others()


async def test_as_many_resets_as_are_allowed_harm_nobody(service: Service) -> None:
    """A process with thousands of subscriptions gives them all up at once, and keeps its connection."""
    peer = await service.peer()
    for first in (1, 4001):
        streams = range(first, first + 4000, 2)
        peer.send(*(wire.headers(stream, "/silent", end=True) for stream in streams))
        await service.until(lambda: service.app.running == 2000)
        peer.send(*(wire.reset(stream) for stream in streams))
        await service.until(lambda: service.app.running == 0)
    peer.send(wire.request(8001))
    assert (await peer.answer(8001)).status == 0


async def test_who_gives_up_all_may_begin_anew_at_once(service: Service) -> None:
    """What was given up keeps no place, though its work has still to end."""
    peer = await service.peer()
    before, after = range(1, 4001, 2), range(4001, 8001, 2)
    await subscribe(peer, before)
    peer.send(*(wire.reset(stream) for stream in before), *(wire.request(stream, "/opened") for stream in after))
    await peer.until(lambda: all(peer.answers[stream].body for stream in after))


async def test_the_data_of_refused_requests_is_no_flood() -> None:
    """A request is on its way, whole, before its client knows that there is no room."""
    async with serving(streams=10, spare_frames=50, spare_frames_a_second=1.0, resets=5000) as service:
        peer = await service.peer()
        await subscribe(peer, range(1, 21, 2))
        refused = range(21, 821, 2)
        peer.send(*(wire.request(stream, "/opened") for stream in refused))
        await peer.until(lambda: all(peer.answers[stream].reset for stream in refused))
        assert not peer.goaways


async def test_a_long_life_with_many_resets_is_no_flood() -> None:
    async with serving(resets=50, resets_a_second=0.0) as service:
        client = await service.client()
        for _ in range(150):
            client.reset(client.begin("/silent"))
            for _ in range(2):
                assert (await client.call("/echo")).status == 0


async def subscribe(peer: Peer, streams: range) -> None:
    """Begin so many answers that go on."""
    peer.send(*(wire.headers(stream, "/opened", end=True) for stream in streams))
    await peer.until(lambda: all(peer.answers[stream].body for stream in streams))


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_subscriptions_that_were_held_for_a_while_are_no_flood_however_many() -> None:
    """Who ends a subscription resets its stream: a process that lives long does so often, and nothing else."""
    async with serving(resets=50, premature_seconds=1.0) as service:
        peer = await service.peer()
        await subscribe(peer, range(1, 3, 2))
        for first in range(3, 2003, 20):
            streams = range(first, first + 20, 2)
            await subscribe(peer, streams)
            await asyncio.sleep(1.1)
            peer.send(*(wire.reset(stream) for stream in streams))
        await peer.pong()
        assert (peer.goaways, service.server.counts.resets) == ([], 1000)
        assert not peer.answers[1].is_over


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_subscriptions_of_a_moment_are_no_flood_where_they_come_one_by_one() -> None:
    """Who looks at a topic's newest item, or waits for one reply, ends the subscription as soon as it has come."""
    async with serving(resets=50, resets_a_second=10.0) as service:
        peer = await service.peer()
        await subscribe(peer, range(1, 3, 2))
        for stream in range(3, 2003, 2):
            await subscribe(peer, range(stream, stream + 1))
            peer.send(wire.reset(stream))
            await asyncio.sleep(0.2)
        await peer.pong()
        assert (peer.goaways, service.server.counts.resets) == ([], 1000)
        assert not peer.answers[1].is_over


@pytest.mark.asyncio(loop_factories=["leaping"])
@pytest.mark.parametrize(("word", "seconds"), [("opened", 0.9), ("silent", 60.0)])
async def test_streams_that_end_soon_or_unanswered_are_a_flood(word: str, seconds: float) -> None:
    """Just after their answers, and a minute after nobody answered."""
    async with serving(resets=50, resets_a_second=0.0, premature_seconds=1.0) as service:
        peer = await service.peer()
        for first in range(1, 101, 20):
            streams = range(first, first + 20, 2)
            peer.send(*(wire.headers(stream, f"/{word}", end=True) for stream in streams))
            await peer.pong()
            await asyncio.sleep(seconds)
            peer.send(*(wire.reset(stream) for stream in streams))
            await peer.pong()
        peer.send(wire.headers(101, f"/{word}", end=True) + wire.reset(101))
        await peer.dismissed(wire.ENHANCE_YOUR_CALM)


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_a_client_that_asks_now_and_then_is_no_flood() -> None:
    async with serving(spare_frames=20, spare_frames_a_second=10.0) as service:
        peer = await service.peer()
        peer.is_quiet = True
        for _ in range(100):
            await peer.pong()
            await asyncio.sleep(0.11)
        assert peer.goaways == []


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_a_client_that_was_calm_for_long_may_ask_for_no_more_at_once() -> None:
    async with serving(spare_frames=20, spare_frames_a_second=10.0, ping_seconds=10**9) as service:
        peer = await service.peer()
        await asyncio.sleep(60)
        peer.send(*[wire.ping()] * 21)
        await peer.dismissed(wire.ENHANCE_YOUR_CALM)


async def test_a_client_by_the_book_is_never_a_flood() -> None:
    """It opens windows for each piece that it reads, however small they are and however many."""
    async with serving(**SMALL) as service:
        peer = await service.peer()
        peer.grants = True
        for stream in range(1, 21, 2):
            peer.send(wire.request(stream, "/stream/500/10"))
            assert (await peer.answer(stream)).status == 0


async def test_thousands_of_streams_without_a_body_wait_for_nobody(service: Service) -> None:
    peer = await service.peer()
    peer.send(*(wire.headers(stream) for stream in range(1, 6001, 2)))
    await peer.pong()
    assert sum(answer.reset == wire.REFUSED_STREAM for answer in peer.answers.values()) == 3000 - 2048
    assert service.app.scopes == []
    await service.serves_others()


async def test_padding_alone_holds_nothing(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1), *(wire.frame(wire.DATA, wire.PADDED, 1, b"\x00") for _ in range(100)))
    await peer.pong()
    assert (service.server.counts.holders, service.server.counts.held_bytes) == (0, 0)
    peer.send(wire.data(1, b"something"))
    await peer.pong()
    assert (service.server.counts.holders, service.server.counts.held_bytes) == (1, 9)
    peer.send(wire.reset(1))
    await peer.pong()
    assert (service.server.counts.holders, service.server.counts.held_bytes) == (0, 0)


async def test_pings_that_follow_data_are_no_flood() -> None:
    """As gRPC in Go sends them: one for each piece of data, as soon as the one before is answered."""
    async with serving(spare_frames=20, spare_frames_a_second=0.0) as service:
        peer = await service.peer()
        for stream in range(1, 401, 2):
            peer.send(wire.request(stream))
            await peer.answer(stream)
            await peer.pong()
        assert peer.goaways == []
