"""Nothing is left of connections that are closed, however they ended. That no task is, `serving` sees to each time."""

import asyncio
import gc
import logging
import random

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, held, serving

METHODS = ("/echo", "/silent", "/opened", "/stream/100/1000", "/raises", "/returns_midway", "/refuses", "/hasty")


@pytest.fixture(autouse=True)
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told in the log of an error, with all that it happened in, would be held by whoever keeps it."""
    monkeypatch.setattr(logging.getLogger("http2.connection"), "disabled", True)


async def _ends(service: Service, chance: random.Random) -> None:
    """Make connections and calls of all kinds, and end them in all the ways that there are."""
    for number in range(30):
        client = await service.client()
        client.grants = number % 3 > 0
        streams = [client.begin(method) for method in METHODS] + [client.open("/echo")]
        await client.answer(streams[0])
        for stream in chance.sample(streams[1:], 3):
            if not client.answers[stream].is_over:
                client.reset(stream)
        match number % 5:
            case 0:
                client.transport.write_eof()
            case 1:
                client.send(wire.data(0, b"x"))
            case 2:
                client.send(wire.frame(wire.HEADERS, 0, 1001, b"half"))
                client.close()
            case _:
                client.close()
    await service.leave()


async def test_no_object_of_a_connection_is_left() -> None:
    async with serving() as service:
        await _ends(service, random.Random(1))
        before = held()
        await _ends(service, random.Random(2))
        await service.until(lambda: service.app.running == 0)
        await asyncio.sleep(10 if _leaps() else 0)  # the last words of broken connections
        after = held()
    assert [name for name in ("Connection", "Socket", "Stream", "Sending", "Heads", "Head") if after[name]] == []
    assert sum(after.values()) <= sum(before.values())


async def test_no_stream_is_left_of_an_open_connection(service: Service) -> None:
    client = await service.client()
    for method in METHODS * 20:
        stream = client.begin(method)
        if method in {"/silent", "/opened"}:
            client.reset(stream)
        else:
            await client.answer(stream)
    await service.until(lambda: service.app.running == 0)
    await asyncio.sleep(0)
    assert held()["Stream"] == 0
    counts = service.server.counts
    assert (counts.connections, counts.held_bytes, counts.unanswered) == (1, 0, 0)


async def test_no_cycle_leads_to_a_stream_that_wanted_to_be_told_of_its_client(service: Service) -> None:
    """It would stay until somebody looks for cycles, with all that the application kept for it."""
    client = await service.client()
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            assert (await client.call("/watched", b"x")).status == 0
        await service.until(lambda: service.app.running == 0)
        await asyncio.sleep(0)
        assert [each for each in gc.get_objects() if type(each).__name__ == "Stream"] == []
    finally:
        gc.enable()


def _leaps() -> bool:
    return type(asyncio.get_running_loop()).__name__ == "LeapingLoop"
