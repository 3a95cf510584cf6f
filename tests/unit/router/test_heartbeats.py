import asyncio

import pytest

from api.items import HEARTBEAT
from router.heartbeats import EASY_A_SECOND, LONGEST_SECONDS, Heartbeats
from router.router import RouterSettings
from tests.unit.router.parts import World, world


class Stream:
    """Notes when it beats."""

    def __init__(self, quiet_since: float) -> None:
        self.quiet_since = quiet_since
        self.moment = 0
        self.patience = 0.0
        self.at: list[float] = []
        self.looks = 0

    def beat(self, now: float) -> bool:
        self.quiet_since = now
        self.at.append(now)
        return len(self.at) == 1

    def look(self) -> None:
        self.looks += 1


def beats(body: bytes) -> int:
    return body.count(HEARTBEAT)


async def an_interval() -> None:
    await asyncio.sleep(RouterSettings().heartbeat_seconds)


async def test_streams_of_a_moment_beat_together_and_never_late() -> None:
    heartbeats, loop = Heartbeats(10.0), asyncio.get_running_loop()
    start = loop.time()
    streams = [Stream(start + number / 1000) for number in range(100)]
    due = [stream.quiet_since + 5 for stream in streams]
    for stream in streams:
        heartbeats.begin(stream)
    moments = {stream.moment for stream in streams}
    assert repr(heartbeats) == f"<Heartbeats of 100 streams in {len(moments)} moments>"
    assert len(moments) <= 2
    await asyncio.sleep(6)
    assert all(at - 0.25 <= stream.at[0] <= at + 0.026 for stream, at in zip(streams, due, strict=True))
    await asyncio.sleep(10)
    assert [len(stream.at) for stream in streams] == [2] * 100
    assert all(9.75 <= stream.at[1] - stream.at[0] <= 10.026 for stream in streams)


async def test_what_came_of_heartbeats_is_looked_at_once_for_those_that_were_written() -> None:
    heartbeats, stream = Heartbeats(10.0), Stream(asyncio.get_running_loop().time())
    heartbeats.begin(stream)
    await asyncio.sleep(6)
    assert (len(stream.at), stream.looks) == (1, 1)
    await asyncio.sleep(10)
    assert (len(stream.at), stream.looks) == (2, 1)


async def test_a_stream_that_was_written_to_meanwhile_beats_later() -> None:
    heartbeats, stream = Heartbeats(10.0), Stream(asyncio.get_running_loop().time())
    heartbeats.begin(stream)
    await asyncio.sleep(3)
    stream.quiet_since = written_at = asyncio.get_running_loop().time()
    await asyncio.sleep(6)
    assert [written_at + 4.75 <= at <= written_at + 5.026 for at in stream.at] == [True], "it is still the first"


async def test_a_stream_that_is_forgotten_is_not_looked_at() -> None:
    heartbeats, stream = Heartbeats(10.0), Stream(asyncio.get_running_loop().time())
    heartbeats.begin(stream)
    heartbeats.forget(stream)
    assert repr(heartbeats) == "<Heartbeats of 0 streams in 1 moments>"
    await asyncio.sleep(6)
    assert not stream.at
    assert repr(heartbeats) == "<Heartbeats of 0 streams in 0 moments>"


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(1, 5), (5 * EASY_A_SECOND, 5), (8 * EASY_A_SECOND, 8), (20 * EASY_A_SECOND, LONGEST_SECONDS)],
)
async def test_later_ones_come_less_often_where_there_would_be_too_many(count: int, seconds: float) -> None:
    heartbeats, now = Heartbeats(5.0), asyncio.get_running_loop().time()
    streams = [Stream(now) for _ in range(count)]
    for stream in streams:
        heartbeats.begin(stream)
    await asyncio.sleep(5.5 + seconds)
    assert {len(stream.at) for stream in streams} == {2}
    assert all(4.75 <= stream.at[0] - now <= 5.026 for stream in streams)
    assert all(0.95 * seconds <= stream.at[1] - stream.at[0] <= 1.005 * seconds for stream in streams)


async def test_a_silent_client_gets_heartbeats_between_which_items_come(acme: World) -> None:
    client = acme.subscribe()
    await client.until(lambda: beats(client.body) == 3)
    await acme.publish()
    await client.until(lambda: client.numbers == [1])
    await client.until(lambda: beats(client.body) == 5)
    assert [message.WhichOneof("kind") for message in client.messages] == ["heartbeat"] * 3 + ["item"] + [
        "heartbeat"
    ] * 2


async def test_a_browser_that_gets_so_much_and_no_more_has_its_heartbeats_counted() -> None:
    acme = await world(RouterSettings(web_stream_bytes=3 * len(HEARTBEAT)))
    client = acme.subscribe("topic", 0, 0, "cache", None, (b"x-grpc-web", b"1"))
    await client.answered()
    assert beats(client.body) == 3


async def test_a_client_that_stops_to_read_is_sent_one_heartbeat_and_no_more_behind_it(acme: World) -> None:
    client = acme.subscribe()
    await client.until(lambda: beats(client.body) == 2)
    client.stall()
    for _ in range(10):
        await an_interval()
    before = asyncio.get_running_loop().time()
    client.read_on()
    await client.until(lambda: beats(client.body) == 3)
    assert asyncio.get_running_loop().time() == before
    await client.until(lambda: beats(client.body) == 4)
    assert asyncio.get_running_loop().time() > before


async def test_a_client_that_has_left_is_let_go_at_its_next_heartbeat(acme: World) -> None:
    client = acme.subscribe()
    await client.until(lambda: beats(client.body) == 1)
    client.leave()
    await an_interval()
    await asyncio.sleep(0.1)
    assert not acme.router.subscriptions
