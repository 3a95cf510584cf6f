"""What a client says of itself (RFC 9113, 6.5)."""

import pytest

from http2.frames import MOST_FRAME_BYTES
from tests.integration.http2 import wire
from tests.integration.http2.serving import Service


async def test_each_settings_frame_is_acknowledged_in_its_turn(service: Service) -> None:
    peer = await service.peer()
    for count in range(2, 6):
        peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 1000 * count)]))
        await peer.until(lambda count=count: peer.acknowledged == count)
    assert all(not frame.payload for frame in peer.of(wire.SETTINGS) if frame.has(wire.ACK))


async def test_the_last_of_two_values_counts(service: Service) -> None:
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 5), (wire.INITIAL_WINDOW_SIZE, 7)]))
    peer.send(wire.request(1, body=b"x" * 20))
    await peer.until(lambda: len(peer.answers[1].body) == 7)
    await peer.pong()
    assert len(peer.answers[1].body) == 7


async def test_unknown_settings_are_passed_over(service: Service) -> None:
    peer = await service.peer(wire.settings([(0, 1), (7, 2), (8, 1), (0xFFFF, 2**32 - 1)]))
    peer.send(wire.request(1))
    assert (await peer.answer(1)).status == 0


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        (wire.ENABLE_PUSH, 2, wire.PROTOCOL_ERROR),
        (wire.INITIAL_WINDOW_SIZE, 2**31, wire.FLOW_CONTROL_ERROR),
        (wire.MAX_FRAME_SIZE, 16_383, wire.PROTOCOL_ERROR),
        (wire.MAX_FRAME_SIZE, 2**24, wire.PROTOCOL_ERROR),
    ],
)
async def test_a_value_that_cannot_be_is_an_error(service: Service, setting: int, value: int, code: int) -> None:
    peer = await service.stranger()
    peer.send(wire.MAGIC, wire.settings([(setting, value)]))
    await peer.dismissed(code)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (wire.ENABLE_PUSH, 0),
        (wire.ENABLE_PUSH, 1),
        (wire.MAX_FRAME_SIZE, 16_384),
        (wire.MAX_FRAME_SIZE, 2**24 - 1),
        (wire.INITIAL_WINDOW_SIZE, 2**31 - 1),
        (wire.HEADER_TABLE_SIZE, 0),
        (wire.HEADER_TABLE_SIZE, 2**32 - 1),
        (wire.MAX_CONCURRENT_STREAMS, 0),
    ],
)
async def test_each_value_that_can_be_is_taken(service: Service, setting: int, value: int) -> None:
    client = await service.client({setting: value})
    answer = await client.call("/echo", b"x" * 100_000)
    assert (answer.status, len(answer.body)) == (0, 100_000)


async def test_what_a_setting_allows_comes_after_its_acknowledgement(service: Service) -> None:
    """A client opens its windows when it reads that; what comes before is beyond them."""
    peer = await service.peer(wire.settings([(wire.INITIAL_WINDOW_SIZE, 0)]))
    peer.send(wire.request(1))
    await service.until(lambda: service.app.running == 1)
    peer.send(wire.settings([(wire.INITIAL_WINDOW_SIZE, 100)]))
    await peer.answer(1)
    kinds = [frame.kind for frame in peer.frames if frame.kind == wire.DATA or frame.has(wire.ACK)]
    assert kinds[:3] == [wire.SETTINGS, wire.SETTINGS, wire.DATA]


@pytest.mark.parametrize("takes", [wire.FRAME_BYTES, 50_000, MOST_FRAME_BYTES, 2**20])
@pytest.mark.parametrize("body", [49_999, 50_000, 50_001, 2 * MOST_FRAME_BYTES, 2 * MOST_FRAME_BYTES + 1])
async def test_no_frame_is_longer_than_a_client_takes(service: Service, takes: int, body: int) -> None:
    """Each says how much that is: `Peer` looks at each frame."""
    peer = await service.peer(wire.settings([(wire.MAX_FRAME_SIZE, takes), (wire.INITIAL_WINDOW_SIZE, 2**22)]))
    peer.grants, peer.takes = True, takes
    peer.send(wire.window_update(0, 2**22), wire.request(1, f"/stream/3/{body}"))
    assert (await peer.answer(1)).body == b"".join(bytes([number]) * body for number in range(3))
    lengths = [len(frame.payload) for frame in peer.of(wire.DATA, 1)]
    assert max(lengths) <= MOST_FRAME_BYTES
    longest = min(takes, MOST_FRAME_BYTES)
    assert lengths == ([longest] * ((body - 1) // longest) + [(body - 1) % longest + 1]) * 3


async def test_a_client_may_open_its_windows_as_often_for_long_frames_as_for_short_ones(service: Service) -> None:
    settings = [(wire.MAX_FRAME_SIZE, 2**20), (wire.INITIAL_WINDOW_SIZE, 2**20)]
    peer = await service.peer(wire.settings(settings))
    peer.grants, peer.takes = True, MOST_FRAME_BYTES
    peer.send(wire.window_update(0, 2**20), wire.request(1, f"/stream/24/{2**20}"))
    assert len((await peer.answer(1)).body) == 24 * 2**20
    assert max(len(frame.payload) for frame in peer.of(wire.DATA, 1)) == MOST_FRAME_BYTES


async def test_frames_are_as_long_as_a_client_takes_by_now(service: Service) -> None:
    """A body that waits for its window when the client takes less than before."""
    peer = await service.peer(wire.settings([(wire.MAX_FRAME_SIZE, 2**20)]))
    peer.takes = MOST_FRAME_BYTES
    peer.send(wire.request(1, "/stream/1/1000000"))
    await peer.until(lambda: len(peer.answers[1].body) == 65_535)
    peer.send(wire.settings([(wire.MAX_FRAME_SIZE, 20_000)]))
    await peer.until(lambda: peer.acknowledged == 2)
    peer.takes = 20_000
    peer.send(wire.window_update(0, 2**20), wire.window_update(1, 2**20))
    assert len((await peer.answer(1)).body) == 1_000_000
