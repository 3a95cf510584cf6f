"""Connections that ask for more than can be done at once have turns, and whoever asks for little is heard between."""

import asyncio

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service

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
