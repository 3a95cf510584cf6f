"""Ends of connections (RFC 9113, 6.8): what is open ends well, what is new goes elsewhere."""

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving

LAST = 2**31 - 1


async def test_a_client_that_goes_away_gets_the_answers_that_it_waits_for(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/held"), wire.goaway())
    await peer.pong()
    service.app.go.set()
    answer = await peer.answer(1)
    assert (answer.status, bytes(answer.body)) == (0, b"hello")


async def test_a_client_that_shuts_its_side_is_gone(service: Service) -> None:
    client = await service.client()
    client.begin("/silent")
    await service.until(lambda: service.app.running == 1)
    client.transport.write_eof()
    await client.closed()
    await service.until(lambda: service.app.left == 1)


async def test_open_calls_end_well_when_the_server_goes_away(service: Service) -> None:
    client = await service.client()
    held = client.begin("/held")
    await service.until(lambda: service.app.running == 1)
    service.server.go_away()
    await client.until(lambda: bool(client.goaways))
    assert client.goaways[0] == (LAST, wire.NO_ERROR)  # what is on its way is still served
    soon = await client.call("/echo", b"on its way")
    assert bytes(soon.body) == b"on its way"
    await client.until(lambda: len(client.goaways) == 2)
    assert client.goaways[1] == (3, wire.NO_ERROR)
    late = client.begin("/echo")
    assert (await client.answer(late)).reset == wire.REFUSED_STREAM
    service.app.go.set()
    answer = await client.answer(held)
    assert (answer.status, bytes(answer.body)) == (0, b"hello")
    await client.closed()
    assert len(client.goaways) == 2


async def test_an_answer_that_waits_for_its_client_is_sent_before_the_connection_ends(service: Service) -> None:
    client = await service.client()
    client.grants = False
    stream = client.begin("/stream/100/1000")
    await client.until(lambda: len(client.answers[stream].body) == wire.WINDOW_BYTES)
    service.server.go_away()
    await client.until(lambda: len(client.goaways) == 2)
    client.grants = True
    client.grant()
    answer = await client.answer(stream)
    assert (answer.status, len(answer.body)) == (0, 100_000)
    await client.closed()


async def test_an_idle_connection_closes_when_the_server_goes_away(service: Service) -> None:
    client, stranger = await service.client(), await service.stranger()
    service.server.go_away()
    await client.closed()
    await stranger.closed()
    assert service.server.connections == 0
    await service.serves_others()  # it listens on; whoever called it closes


async def test_going_away_twice_is_going_away(service: Service) -> None:
    client = await service.client()
    held = client.begin("/held")
    service.server.go_away()
    service.server.go_away()
    await client.until(lambda: len(client.goaways) >= 2)
    service.app.go.set()
    assert (await client.answer(held)).status == 0
    await client.closed()


@pytest.mark.parametrize("method", ["/silent", "/opened", "/held", "/stream/1000/1000"])
async def test_what_runs_when_the_server_closes_is_told(method: str) -> None:
    async with serving() as service:
        client = await service.client()
        client.grants = False
        client.begin(method)
        await service.until(lambda: service.app.running == 1)
        await service.server.close()
        await client.closed()
        service.app.go.set()
        await service.until(lambda: service.app.running == 0)
        assert service.app.left == 1


async def test_a_closed_server_takes_no_more(service: Service) -> None:
    await service.server.close()
    with pytest.raises(ConnectionRefusedError):
        await service.peer()


async def test_a_connection_that_broke_the_protocol_says_why_after_what_was_sent(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1))
    await peer.answer(1)
    peer.send(wire.request(3), wire.data(0, b"x"))
    await peer.closed()
    assert peer.goaways == [(3, wire.PROTOCOL_ERROR)]
    assert peer.frames[-1].kind == wire.GOAWAY
