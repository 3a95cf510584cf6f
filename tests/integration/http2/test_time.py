"""How long a client may take for what, on a clock that is turned."""

import asyncio

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving

pytestmark = pytest.mark.asyncio(loop_factories=["leaping"])


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("said", [b"", wire.MAGIC[:10], wire.MAGIC, wire.PREFACE[:-1]], ids=range(4))
async def test_a_stranger_who_says_too_little_is_sent_away(said: bytes) -> None:
    async with serving(first_bytes_seconds=3.0) as service:
        began = now()
        peer = await service.stranger()
        peer.is_quiet = True
        peer.send(said)
        await peer.closed(seconds=100)
        assert 3.0 <= now() - began <= 6.0


async def test_a_slow_stranger_is_sent_away_in_the_middle_of_its_words() -> None:
    async with serving(first_bytes_seconds=3.0) as service:
        began = now()
        peer = await service.stranger()
        peer.is_quiet = True
        for byte in wire.PREFACE:
            peer.send(bytes((byte,)))
            await asyncio.sleep(0.5)
        await peer.closed(seconds=100)
        assert now() - began <= len(wire.PREFACE) * 0.5 + 1.0
        assert service.server.connections == 0


async def test_a_slow_body_is_given_up_and_its_connection_goes_on() -> None:
    async with serving(request_seconds=3.0) as service:
        peer = await service.peer()
        began = now()
        peer.send(wire.headers(1))
        while not peer.answers[1].is_over:
            peer.send(wire.data(1, b"x"))
            await asyncio.sleep(0.2)
        assert 3.0 <= now() - began <= 6.0
        assert peer.answers[1].status == 4
        await peer.until(lambda: peer.answers[1].reset == wire.NO_ERROR)
        peer.send(wire.data(1, b"late", end=True), wire.request(3))
        assert (await peer.answer(3)).status == 0
        assert service.app.bodies == [b"hello"]


async def test_a_slow_header_block_ends_the_connection() -> None:
    async with serving(request_seconds=3.0) as service:
        peer = await service.peer()
        block = wire.block(wire.fields())
        began = now()
        peer.send(wire.frame(wire.HEADERS, 0, 1, block[:5]))
        for byte in block[5:-1] * 3:
            if peer.is_closed:
                break
            peer.send(wire.frame(wire.CONTINUATION, 0, 1, bytes((byte,))))
            await asyncio.sleep(0.2)
        await peer.closed(seconds=100)
        assert 3.0 <= now() - began <= 6.0


async def test_an_answer_that_nobody_takes_is_given_up() -> None:
    async with serving(stalled_seconds=5.0) as service:
        peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 10)]))
        began = now()
        peer.send(wire.request(1, "/stream/10/100"))
        assert (await peer.answer(1, seconds=100)).reset is not None
        assert 5.0 <= now() - began <= 8.0
        await service.until(lambda: service.app.left == 1)
        peer.send(wire.request(3, "/count"))
        assert (await peer.answer(3)).status == 0


async def test_an_answer_that_begins_late_is_given_up_as_soon() -> None:
    """Nothing has waited for a while, and nobody looks any more; nothing comes of the client that would have it so."""
    async with serving(stalled_seconds=5.0, ping_seconds=1000.0) as service:
        peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2)]))
        peer.send(wire.request(1, "/held"))
        await asyncio.sleep(30.0)
        began = now()
        service.app.go.set()
        assert (await peer.answer(1, seconds=100)).reset is not None
        assert 5.0 <= now() - began <= 8.0


async def test_an_answer_that_is_taken_slowly_is_not_given_up() -> None:
    async with serving(stalled_seconds=5.0) as service:
        peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 10)]))
        peer.send(wire.request(1, "/stream/10/10"))
        for _ in range(9):
            await asyncio.sleep(4.0)
            peer.send(wire.window_update(1, 10))
        assert (await peer.answer(1)).status == 0


async def test_a_connection_that_takes_nothing_is_given_up() -> None:
    async with serving(stalled_seconds=5.0, ping_seconds=1000.0) as service:
        peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**30)]))
        peer.send(wire.window_update(0, 2**30))
        peer.stall()
        peer.send(wire.request(1, "/stream/10000/10000"))
        await asyncio.sleep(15.0)
        assert service.server.connections == 0
        assert service.app.left == 1


async def test_a_silent_client_is_asked_and_given_up_when_it_does_not_answer() -> None:
    async with serving(ping_seconds=20.0, ping_answer_seconds=5.0) as service:
        peer = await service.peer()
        peer.is_quiet = True
        began = now()
        peer.send(wire.request(1, "/opened"))
        await peer.closed(seconds=1000)
        assert 24.9 <= now() - began <= 27.0
        assert len(peer.of(wire.PING)) == 1
        await service.until(lambda: service.app.left == 1)


async def test_a_silent_client_that_answers_stays(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/opened"))
    await asyncio.sleep(600)
    assert not peer.is_closed
    assert 15 < len(peer.of(wire.PING)) < 40


async def test_a_client_that_speaks_is_not_asked(service: Service) -> None:
    peer = await service.peer()
    for _ in range(60):
        peer.send(wire.window_update(0, 1))
        await asyncio.sleep(10)
    assert peer.of(wire.PING) == []


async def test_a_calm_connection_stays_while_its_calls_say_nothing(service: Service) -> None:
    """A subscription may be silent for as long as it likes; its application is what speaks."""
    client = await service.client()
    stream = client.begin("/silent")
    await asyncio.sleep(600)
    assert not client.answers[stream].is_over
    assert not client.is_closed


async def test_a_broken_connection_does_not_wait_for_ever_for_its_client() -> None:
    async with serving() as service:
        peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**30)]))
        peer.send(wire.window_update(0, 2**30))
        peer.stall()
        peer.send(wire.request(1, "/stream/1000/10000"))
        await service.until(lambda: service.app.sent_bytes > 0)
        peer.send(wire.data(0, b"x"))
        await asyncio.sleep(20)
        assert service.server.connections == 0
