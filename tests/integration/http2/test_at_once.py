"""Answers that are there at once: the application has no call of it, and its client sees no difference."""

import asyncio
import time

import pytest

from api.grpc_asgi import CONTENT_TYPE, NOTHING, Answer, Promise
from http2.endings import How
from http2.reading import SLICE_SECONDS
from tests.integration.http2 import wire
from tests.integration.http2.application import Echo
from tests.integration.http2.serving import Ended, Service, serving

PATH = "/echo?at_once"


async def test_it_is_answered_without_a_call_of_the_application(service: Service) -> None:
    client = await service.client()
    slow, quick = await client.call("/echo", b"hello"), await client.call(PATH, b"hello")
    assert (quick.headers, bytes(quick.body), quick.trailers) == (slow.headers, bytes(slow.body), slow.trailers)
    assert service.app.bodies == [b"hello"]
    assert (service.server.counts.calls, service.server.counts.unanswered) == (2, 0)


async def test_what_has_to_wait_comes_to_the_application(service: Service) -> None:
    client = await service.client()
    answer = await client.call(PATH, b"wait")
    assert (answer.status, bytes(answer.body), service.app.bodies) == (0, b"wait", [b"wait"])


async def test_headers_alone_may_be_the_answer(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, PATH, b"refuse"))
    answer = await peer.answer(1)
    assert (answer.is_trailers_only, answer.status) == (True, 5)


async def test_who_answers_is_asked_once_for_the_same_headers(service: Service) -> None:
    peer = await service.peer()
    for number in range(1, 8, 2):
        peer.send(wire.request(number, PATH, b"hello"))
        await peer.answer(number)
    peer.send(wire.request(9, "/echo/other?at_once", b"hello"))
    await peer.answer(9)
    assert [scope["path"] for scope in service.app.offered] == ["/echo", "/echo/other"]


@pytest.mark.parametrize("window", [100, 65_535, 2**20])
@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 1000, 16_384, 16_385, 65_535, 100_000])
async def test_a_body_waits_for_its_window_and_arrives_whole(service: Service, length: int, window: int) -> None:
    client = await service.client({wire.INITIAL_WINDOW_SIZE: window})
    body = bytes(range(251)) * (length // 251 + 1)
    answer = await client.call(PATH, body[:length])
    assert (bytes(answer.body), answer.trailers) == (body[:length], {b"grpc-status": b"0"})


async def test_no_body_needs_no_window(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]))
    peer.send(wire.request(1, PATH, b"hello"), wire.request(3, PATH, b""))
    assert (await peer.answer(3)).status == 0
    assert peer.answers[1].body == b""
    peer.send(wire.window_update(1, 5))
    assert bytes((await peer.answer(1)).body) == b"hello"


async def test_answers_that_overtake_one_that_waits(service: Service) -> None:
    client = await service.client({wire.INITIAL_WINDOW_SIZE: 100})
    client.grants = False
    waits = client.begin(PATH, bytes(1000))
    for _ in range(10):
        assert (await client.call(PATH, b"short")).status == 0
    assert len(client.answers[waits].body) == 100


async def test_an_answer_that_waits_is_counted_until_it_is_sent_or_given_up(service: Service) -> None:
    client = await service.client({wire.INITIAL_WINDOW_SIZE: 100})
    client.grants = False
    streams = [client.begin(PATH, bytes(1000)) for _ in range(2)]
    await client.until(lambda: all(len(client.answers[stream].body) == 100 for stream in streams))
    assert service.server.counts.unsent == 2
    client.h2.reset_stream(streams[0])
    client.h2.increment_flow_control_window(900, streams[1])
    client.flush()
    await service.until(lambda: service.server.counts.unsent == 0)


async def test_who_fails_to_answer_fails_that_call_alone(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    client = await service.client()
    held = client.begin("/held", b"hello")
    answer = await client.call(PATH, b"raise")
    assert answer.status == 13
    service.app.go.set()
    assert (await client.answer(held)).status == 0
    assert "the application failed" in caplog.text


async def test_bodies_that_come_long_after_their_headers_are_read_in_slices_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer here takes longer than a connection is read at a time, so that each has a turn of the loop."""
    peer = await service.peer()
    streams = range(1, 12, 2)
    peer.send(*(wire.headers(stream, PATH) for stream in streams))
    await peer.pong()
    loop, turns, answered_in = asyncio.get_running_loop(), [0], list[int]()

    def turn() -> None:
        turns[0] += 1
        if len(answered_in) < len(streams):
            loop.call_soon(turn)

    def slow(_: Echo, body: bytes, promise: Promise) -> bool:
        time.sleep(SLICE_SECONDS * 1.1)
        answered_in.append(turns[0])
        promise.come(Answer((CONTENT_TYPE,), body, ((b"grpc-status", b"0"),)))
        return True

    monkeypatch.setattr(Echo, "answer", slow)
    turn()
    peer.send(b"".join(wire.data(stream, b"slow", end=True) for stream in streams))
    for stream in streams:
        assert (await peer.answer(stream)).status == 0
    assert len(set(answered_in)) == len(streams)


async def test_the_table_of_headers_may_be_made_smaller_before(service: Service) -> None:
    """The first block after that says so (RFC 7541, section 4.2): a client that heeds the rule would fail else."""
    client = await service.client({wire.HEADER_TABLE_SIZE: 0})
    for _ in range(2):
        assert (await client.call(PATH, b"hello")).status == 0


@pytest.mark.parametrize(("body", "grpc", "sent"), [(b"hello", b"0", 5), (b"refuse", b"5", 0)])
async def test_whoever_takes_note_of_calls_is_told_of_it(service: Service, body: bytes, grpc: bytes, sent: int) -> None:
    client = await service.client()
    await client.call(PATH, body)
    await service.leave()
    assert service.ended == [Ended("/echo", How.ANSWERED, 200, grpc, len(body), sent)]


async def test_a_client_that_leaves_before_its_answer_has(service: Service) -> None:
    client = await service.client({wire.INITIAL_WINDOW_SIZE: 0})
    client.begin(PATH, b"hello")
    await service.until(lambda: service.server.counts.calls == 1)
    await service.leave()
    assert service.ended == [Ended("/echo", How.LEFT, 200, b"0", 5, 0)]


async def test_a_promised_answer_comes_when_it_is_there(service: Service) -> None:
    client = await service.client()
    first, second = client.begin(PATH, b"owe"), client.begin(PATH, b"owe")
    assert (await client.call(PATH, b"quick")).status == 0  # others overtake it
    counts = service.server.counts
    assert (len(service.app.owed), counts.owed, counts.unanswered, counts.unsent) == (2, 2, 2, 0)
    service.app.owed[1].come(NOTHING)
    assert (await client.answer(second)).status == 0
    service.app.owed[0].come(Answer((CONTENT_TYPE, (b"grpc-status", b"5"))))
    assert (await client.answer(first)).status == 5
    assert (counts.owed, counts.unanswered, counts.unsent, service.app.bodies) == (0, 0, 0, [])


@pytest.mark.parametrize("body", [b"hello", b"refuse", b"wait", b"raise"])
async def test_nothing_is_owed_for_what_was_answered_or_refused_at_once(service: Service, body: bytes) -> None:
    client = await service.client()
    await client.call(PATH, body)
    counts = service.server.counts
    await service.until(lambda: (counts.owed, counts.unanswered, counts.unsent) == (0, 0, 0))


async def test_a_client_that_gives_up_what_was_promised_keeps_its_place_until_then(
    service: Service,
) -> None:
    """Who opens and resets has no more under way than others (rapid reset)."""
    client = await service.client()
    streams = [client.begin(PATH, b"owe") for _ in range(2)]
    await service.until(lambda: len(service.app.owed) == 2)
    client.reset(streams[0])
    await service.until(lambda: service.server.counts.resets == 1)
    assert (service.server.counts.unanswered, service.server.counts.owed) == (2, 2)
    for promise in service.app.owed:
        promise.come(NOTHING)
    assert (await client.answer(streams[1])).status == 0
    assert service.server.counts.unanswered == 0


async def test_what_was_promised_counts_among_the_streams_of_a_connection() -> None:
    async with serving(streams=3) as service:
        peer = await service.peer()
        for number in (1, 3, 5):
            peer.send(wire.request(number, PATH, b"owe"), wire.reset(number))
        await service.until(lambda: service.server.counts.resets == 3)
        peer.send(wire.request(7, PATH, b"hello"))
        assert (await peer.answer(7)).reset == wire.REFUSED_STREAM
        for promise in service.app.owed:
            promise.come(NOTHING)
        peer.send(wire.request(9, PATH, b"hello"))
        assert (await peer.answer(9)).status == 0


async def test_a_promised_answer_to_a_connection_that_is_gone(service: Service) -> None:
    client = await service.client()
    client.begin(PATH, b"owe")
    await service.until(lambda: len(service.app.owed) == 1)
    await service.leave()
    assert service.server.counts.owed == 1  # and so a process that is to end waits for it
    service.app.owed[0].come(NOTHING)
    assert service.server.counts.unanswered == 0
