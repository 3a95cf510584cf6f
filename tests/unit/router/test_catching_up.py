"""A subscriber that resumes far back gets the history in pieces, and misses nothing that comes meanwhile."""

import pytest

from api.errors import StreamMoved, Unavailable
from api.link import READ_BYTES, Resumed
from tests.unit.asgi import parsed
from tests.unit.router.parts import World

ITEM = "x" * 1000
ITEMS = 1000


def numbers(frames: bytes) -> list[int]:
    return [m.item.topic_sequence_number for m in parsed(frames) if m.HasField("item")]


async def test_a_long_history_comes_in_pieces_and_then_what_is_new(acme: World) -> None:
    for _ in range(ITEMS):
        await acme.publish(ITEM)
    subscription = await acme.open(number=1)
    got: list[int] = []
    pieces = 0
    while len(got) < ITEMS + 1:
        piece = await subscription.next()
        assert len(piece) < READ_BYTES + 5000
        got += numbers(piece)
        pieces += 1
        if pieces == 2:
            await acme.publish(ITEM)
    assert got == list(range(1, ITEMS + 2))
    assert pieces > 3


async def test_what_is_dropped_while_a_subscriber_catches_up_is_one_discontinuity(acme: World) -> None:
    for _ in range(ITEMS):
        await acme.publish(ITEM)
    subscription = await acme.open(number=1)
    before = numbers(await subscription.next())
    for _ in range(17_000):
        await acme.publish(ITEM)
    messages = [message for message in parsed(await subscription.next()) if not message.HasField("heartbeat")]
    told = messages[0].discontinuity
    assert told.last_topic_sequence == before[-1]
    assert told.new_topic_sequence == messages[1].item.topic_sequence_number > before[-1] + 1


async def test_a_node_that_goes_meanwhile_sends_the_client_to_resume(acme: World) -> None:
    for _ in range(ITEMS):
        await acme.publish(ITEM)
    subscription = await acme.open(number=1)
    await subscription.next()

    async def gone(number: int, page: int) -> Resumed:
        raise Unavailable("the node is gone")

    subscription._read = gone
    with pytest.raises(StreamMoved):
        await subscription.next()
