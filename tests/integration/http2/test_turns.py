"""Connections that ask for more than can be done at once have turns, and whoever asks for little is heard between."""

import asyncio

import pytest

from http2.leaving import AT_ONCE, PART, Leaving
from http2.stream import Stream
from tests.integration.http2 import wire
from tests.integration.http2.serving import Ended, Service, serving

EACH = 3000
"""Requests of a connection; far more than are taken of it at a time."""
TURNS = 200
"""Requests of others within which a calm one is heard, and far fewer than there are."""

LOOKS = 10_000
"""So many turns of the loop are looked at; a longer wait may miss what is looked for."""


def burst(name: bytes) -> bytes:
    """Return many requests, none of which has an answer that fills a window."""
    return b"".join(
        wire.headers(stream, "/unread") + wire.data(stream, name, end=True) for stream in range(1, 2 * EACH, 2)
    )


@pytest.mark.parametrize("many", [1, 2, 5])
async def test_a_calm_client_is_heard_between_those_that_ask_for_too_much(service: Service, many: int) -> None:
    app, counts = service.app, service.server.counts
    busy = [await service.peer() for _ in range(many)]
    calm = await service.client()
    await calm.call("/echo", b"early")  # so that none of the busy ones is alone
    for peer in busy:
        peer.send(burst(b"busy"))
    for _ in range(LOOKS):
        if counts.waiting == len(busy):
            break
        await asyncio.sleep(0)
    assert counts.waiting == len(busy)
    before = len(app.scopes)
    answer = await calm.call("/echo", b"calm")
    assert (answer.status, bytes(answer.body)) == (0, b"calm")
    place = [scope["path"] for scope in app.scopes].index("/echo", before)
    assert place - before < TURNS
    await service.until(lambda: len(app.scopes) == len(busy) * EACH + 2)
    await service.until(lambda: counts.waiting == 0)


async def test_windows_that_open_a_byte_at_a_time_are_read_in_turns_too(service: Service) -> None:
    """Each sends a frame of a byte, which costs as much as one of many."""
    many = 30_000
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]))
    peer.send(wire.request(1, f"/stream/1/{2 * many}"))
    await peer.until(lambda: bool(peer.answers[1].headers))
    peer.send(wire.window_update(1, 1) * many)
    waiting = 0
    for _ in range(LOOKS):
        waiting = max(waiting, service.server.counts.waiting)
        if len(peer.answers[1].body) == many:
            break
        await asyncio.sleep(0)
    assert waiting == 1
    await peer.until(lambda: len(peer.answers[1].body) == many)


async def most_in_a_turn(service: Service, ended: int) -> int:
    """Wait until so many streams have ended, and return how many did in one turn of the loop."""
    most = 0
    while len(service.ended) < ended:
        before = len(service.ended)
        await asyncio.sleep(0)
        most = max(most, len(service.ended) - before)
    return most


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_requests_that_come_too_late_are_refused_in_turns() -> None:
    """A connection can have thousands that all began together."""
    async with serving(request_seconds=0.5) as service:
        peer = await service.peer()
        peer.send(*(wire.headers(stream) for stream in range(1, 4001, 2)))
        assert await most_in_a_turn(service, 2000) <= AT_ONCE
        await peer.until(lambda: all(peer.answers[stream].status == 4 for stream in range(1, 4001, 2)))
        peer.send(wire.request(4001))
        assert (await peer.answer(4001)).status == 0


@pytest.mark.parametrize("path", ["/silent", "/opened"])
@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_the_streams_of_a_lost_connection_end_in_turns(service: Service, path: str) -> None:
    """Each has a line in a log, and a proxy that is lost may have had all that there are."""
    peer = await service.peer()
    peer.send(*(wire.headers(stream, path, end=True) for stream in range(1, 4001, 2)))
    await service.until(lambda: service.app.running == 2000)
    peer.close()
    assert await most_in_a_turn(service, 2000) <= AT_ONCE
    await service.until(lambda: service.app.left == 2000)


async def test_a_stream_that_is_reset_has_ended_at_once(service: Service) -> None:
    """Clients may begin and reset more in a turn than are done in it of what waits for later turns."""
    peers = [await service.peer() for _ in range(10)]
    for peer in peers:
        peer.send(*(wire.headers(stream, "/silent") + wire.reset(stream) for stream in range(1, 2001, 2)))
    counts = service.server.counts
    while counts.resets < 10_000:
        await asyncio.sleep(0)
        assert len(service.ended) == counts.resets


async def test_what_waits_for_later_turns_is_bounded_by_what_comes_in_one() -> None:
    leaving, done = Leaving(), 0

    def call() -> None:
        nonlocal done
        done += 1

    come = 0
    for _ in range(400):
        for _ in range(1000):
            leaving.add(call)
        come += 1000
        await asyncio.sleep(0)
        assert come - done <= 1000 * PART
    while done < come:
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", [wire.reset(1), wire.window_update(1, 0), b""], ids=["reset", "fault", "lost"])
async def test_a_body_goes_with_its_stream(service: Service, monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """Whoever takes note of calls may do so later."""
    bodies: list[bytes | bytearray] = []

    def taken(stream: Stream) -> None:
        bodies.append(stream.body)

    monkeypatch.setattr(Ended, "of", taken)
    peer = await service.peer()
    peer.send(wire.headers(1), wire.data(1, b"half"))
    await service.until(lambda: service.server.counts.held_bytes == len(b"half"))
    peer.send(end)
    await service.leave()
    await service.until(lambda: bodies == [b""])


async def test_a_server_that_ends_leaves_nothing_to_later_turns() -> None:
    async with serving() as service:
        peer = await service.peer()
        peer.send(*(wire.headers(stream, "/silent", end=True) for stream in range(1, 4001, 2)))
        await service.until(lambda: service.app.running == 2000)
        await service.server.close()
        assert len(service.ended) == 2000
