"""Flow control (RFC 9113, 5.2 and 6.9): nothing is sent beyond a window, and nobody waits for another's."""

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service

MOST = 2**31 - 1


def pattern(length: int) -> bytes:
    return b"".join(b"%08d" % number for number in range(length // 8 + 1))[:length]


@pytest.mark.parametrize("length", [1, 65_535, 65_536, 65_537, 200_000, 3_000_000])
async def test_a_body_longer_than_the_windows_arrives_whole(service: Service, length: int) -> None:
    client = await service.client()
    answer = await client.call("/echo", pattern(length))
    assert answer.status == 0
    assert bytes(answer.body) == pattern(length)


async def test_many_bodies_at_once_arrive_whole(service: Service) -> None:
    client = await service.client()
    streams = {client.begin("/echo", pattern(length)): length for length in range(1, 400_000, 39_990)}
    for stream, length in streams.items():
        assert bytes((await client.answer(stream)).body) == pattern(length)


async def test_an_answer_waits_for_the_window_of_its_stream(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 10)]))
    peer.send(wire.request(1, "/echo", pattern(1000)))
    answer = peer.answers[1]
    for room in (10, 1, 100, 500):
        await peer.until(lambda: len(answer.body) > 0)
        await peer.pong()
        before = len(answer.body)
        peer.send(wire.window_update(1, room))
        await peer.until(lambda before=before, room=room: len(answer.body) == before + room)
    peer.send(wire.window_update(1, MOST - 1000))
    await peer.answer(1)
    assert (bytes(answer.body), answer.status) == (pattern(1000), 0)


async def test_a_stream_without_room_holds_up_no_other(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 100)]))
    peer.send(wire.request(1, "/echo", pattern(1000)))
    for stream in range(3, 21, 2):
        peer.send(wire.request(stream, "/echo", pattern(100)))
        assert bytes((await peer.answer(stream)).body) == pattern(100)
    assert len(peer.answers[1].body) == 100


async def test_answers_share_the_window_of_the_connection(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**20)]))
    peer.send(*(wire.request(stream, "/stream/10/10000") for stream in (1, 3, 5)))
    await peer.until(lambda: sum(len(answer.body) for answer in peer.answers.values()) == wire.WINDOW_BYTES)
    await peer.pong()
    assert sum(len(answer.body) for answer in peer.answers.values()) == wire.WINDOW_BYTES
    peer.send(wire.window_update(0, MOST - wire.WINDOW_BYTES))
    for stream in (1, 3, 5):
        assert len((await peer.answer(stream)).body) == 100_000


async def test_trailers_and_headers_need_no_window(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]))
    peer.send(wire.request(1, "/refuses"), wire.request(3, "/echo", b""))
    assert (await peer.answer(1)).status == 5
    assert (await peer.answer(3)).status == 0


async def test_trailers_need_no_window_of_the_connection(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**20)]))
    peer.send(wire.request(1, "/hasty", pattern(wire.FRAME_BYTES)), wire.request(3, "/count"))
    peer.send(wire.request(5, "/stream/1/49140"), wire.request(7, "/refuses"))
    for stream in (1, 3, 5, 7):
        assert (await peer.answer(stream)).status is not None
    left = wire.WINDOW_BYTES - sum(len(answer.body) for answer in peer.answers.values())
    peer.send(wire.request(9, "/hasty", pattern(left + 5)))
    await peer.until(lambda: len(peer.answers[9].body) == left)
    peer.send(wire.window_update(0, 5))
    assert (await peer.answer(9)).status == 0


async def test_a_stream_behind_a_stalled_connection_gets_its_turn(service: Service) -> None:
    """Whoever waits longest for the connection's window is not passed over for ever."""
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**20)]))
    peer.send(*(wire.request(stream, "/stream/40/5000") for stream in range(1, 11, 2)))
    await peer.until(lambda: sum(len(answer.body) for answer in peer.answers.values()) == wire.WINDOW_BYTES)
    for _ in range(300):
        peer.send(wire.window_update(0, 5000))
        await peer.pong()
    assert all(len(peer.answers[stream].body) == 200_000 for stream in range(1, 11, 2))
    assert all(peer.answers[stream].status == 0 for stream in range(1, 11, 2))


async def test_a_larger_initial_window_lets_waiting_streams_go_on(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 10)]))
    peer.send(wire.request(1, "/echo", pattern(100)))
    await peer.until(lambda: len(peer.answers[1].body) == 10)
    peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 60)]))
    await peer.until(lambda: len(peer.answers[1].body) == 60)
    await peer.pong()
    assert len(peer.answers[1].body) == 60


async def test_a_window_may_become_negative(service: Service) -> None:
    """RFC 9113, 6.9.2: a sender keeps account of it, and sends when it is positive again."""
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 100)]))
    peer.send(wire.request(1, "/echo", pattern(1000)))
    await peer.until(lambda: len(peer.answers[1].body) == 100)
    peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]), wire.window_update(1, 100))  # -100, then 0
    await peer.pong()
    assert len(peer.answers[1].body) == 100
    peer.send(wire.window_update(1, 7))
    await peer.until(lambda: len(peer.answers[1].body) > 100)
    await peer.pong()
    assert len(peer.answers[1].body) == 107
    peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2000)]))
    assert bytes((await peer.answer(1)).body) == pattern(1000)


async def test_settings_do_not_touch_the_window_of_the_connection(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**20)]))
    peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 2**21)]), wire.request(1, "/stream/20/10000"))
    await peer.until(lambda: len(peer.answers[1].body) == wire.WINDOW_BYTES)
    await peer.pong()
    assert len(peer.answers[1].body) == wire.WINDOW_BYTES


async def test_room_that_comes_after_the_answer_is_welcome(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1))
    await peer.answer(1)
    peer.send(wire.window_update(1, 100), wire.window_update(0, 100), wire.reset(1))
    await peer.pong()
    assert peer.goaways == []


async def test_no_room_at_all_is_an_error_of_the_stream(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, "/silent"), wire.window_update(1, 0))
    assert (await peer.answer(1)).reset == wire.PROTOCOL_ERROR
    await peer.pong()
    peer.send(wire.window_update(0, 0))
    await peer.dismissed(wire.PROTOCOL_ERROR)


async def test_a_window_over_its_limit_is_an_error_of_the_stream(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, "/silent"), wire.window_update(1, MOST))
    assert (await peer.answer(1)).reset == wire.FLOW_CONTROL_ERROR
    await peer.pong()


async def test_a_window_of_the_connection_over_its_limit_is_an_error(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.window_update(0, MOST - wire.WINDOW_BYTES))
    await peer.pong()
    peer.send(wire.window_update(0, 1))
    await peer.dismissed(wire.FLOW_CONTROL_ERROR)


async def test_a_setting_that_takes_a_window_over_its_limit_is_an_error(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, "/silent"), wire.window_update(1, 1), wire.settings([(wire.INITIAL_WINDOW_SIZE, MOST)]))
    await peer.dismissed(wire.FLOW_CONTROL_ERROR)


async def test_room_is_given_back_for_what_nobody_reads(service: Service) -> None:
    """Of streams that are over, that were refused, and of padding; else the connection would fall silent."""
    client = await service.client()
    for _ in range(40):
        stream = client.begin("/unread", pattern(60_000))
        await client.answer(stream)
    for _ in range(40):
        stream = client.begin("/silent", pattern(60_000))
        await client.until(lambda stream=stream: client.unsent(stream) == 0)
        client.reset(stream)
    assert bytes((await client.call("/echo", pattern(200_000))).body) == pattern(200_000)
