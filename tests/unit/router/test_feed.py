import asyncio

import pytest

from api.items import item_frame
from api.names import Topic
from router.feed import DIRECT_SECONDS, HURRY_BYTES, PORTION, REST_SECONDS, ROUND_BYTES, Feed
from tests.unit.asgi import parsed

TOPIC = Topic("acme", "acme-cache", "topic")
PAGE = 7


class Reader:
    """A subscriber that counts how often it is woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
async def feed() -> Feed:
    feed = Feed(TOPIC, "node-1", 1 << 20)
    feed.align(PAGE, 0)
    return feed


def waiting(feed: Feed, count: int) -> list[Reader]:
    """Return so many subscribers, all of whom wait."""
    readers = [Reader() for _ in range(count)]
    for reader in readers:
        feed.wait(reader)
    return readers


def say(feed: Feed, number: int) -> None:
    feed.append(PAGE, number, item_frame(number, PAGE, b"\x0a\x01x", b""))


async def test_items_of_one_turn_of_the_loop_wake_a_reader_once(feed: Feed) -> None:
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    say(feed, 2)
    assert reader.woken == 0
    await turn()
    assert reader.woken == 1


async def test_a_reader_is_woken_once_for_each_time_it_waits(feed: Feed) -> None:
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    await turn()
    say(feed, 2)
    await turn()
    assert reader.woken == 1
    feed.wait(reader)
    say(feed, 3)
    await turn()
    assert reader.woken == 2


async def test_a_reader_that_was_forgotten_is_not_woken(feed: Feed) -> None:
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    feed.forget(reader)
    await turn()
    assert reader.woken == 0


async def test_many_readers_are_woken_in_portions_between_which_others_have_their_turns(feed: Feed) -> None:
    readers = waiting(feed, 2 * PORTION + 1)
    feed.subscribers = len(readers)
    say(feed, 1)
    woken: list[int] = []
    for _ in range(4):
        await turn()
        woken.append(sum(reader.woken for reader in readers))
    assert woken == [PORTION, 2 * PORTION, 2 * PORTION + 1, 2 * PORTION + 1]


@pytest.mark.parametrize("turns", [0, 1])
async def test_nobody_waits_for_a_portion_while_much_comes(feed: Feed, turns: int) -> None:
    """Whether it is there when a round begins, or comes amid it."""
    readers = waiting(feed, 3 * PORTION)
    say(feed, 1)
    for _ in range(turns):
        await turn()
    feed.append(PAGE, 2, item_frame(2, PAGE, bytes(HURRY_BYTES), b""))
    await turn()
    assert [reader.woken for reader in readers] == [1] * len(readers)


async def test_a_reader_that_leaves_before_its_portion_is_not_woken(feed: Feed) -> None:
    readers = waiting(feed, 2 * PORTION)
    say(feed, 1)
    await turn()
    for reader in readers:
        feed.forget(reader)
    await turn()
    assert sum(reader.woken for reader in readers) == PORTION


async def test_whoever_waits_anew_amid_a_round_is_woken_in_the_next(feed: Feed) -> None:
    readers = waiting(feed, 2 * PORTION)
    say(feed, 1)
    await turn()
    again = next(reader for reader in readers if reader.woken)
    feed.wait(again)
    await turn()
    assert [reader.woken for reader in readers] == [1] * 2 * PORTION
    say(feed, 2)
    await turn()
    assert again.woken == 2


def test_a_reader_is_woken_at_once_when_the_topic_turns_out_to_stand_elsewhere(feed: Feed) -> None:
    reader = Reader()
    feed.wait(reader)
    feed.align(PAGE + 1, 3)
    assert reader.woken == 1


async def test_what_all_readers_have_is_let_go(feed: Feed) -> None:
    reader = Reader()
    feed.subscribers = 1
    say(feed, 1)
    feed.wait(reader)
    feed.trim()
    assert (feed.log.held_bytes, feed.log.end) == (0, 1)


async def test_what_a_busy_reader_may_still_need_is_kept(feed: Feed) -> None:
    feed.subscribers = 2
    say(feed, 1)
    feed.wait(Reader())
    feed.trim()
    assert feed.log.held_bytes > 0


async def test_an_item_that_readers_have_not_been_woken_for_is_kept(feed: Feed) -> None:
    feed.subscribers = 1
    feed.wait(Reader())
    say(feed, 1)
    feed.trim()
    chunk = feed.log.after(0, 1 << 16)
    assert chunk is not None
    assert [m.item.topic_sequence_number for m in parsed(chunk.data)] == [1]


async def test_it_says_where_it_stands(feed: Feed) -> None:
    feed.subscribers = 3
    assert repr(feed) == "<Feed 'topic' from node-1, 3 subscribers, <Log positions 0 to 0, 0 bytes, page 7>>"


async def turn() -> None:
    """Let the event loop run what is due."""
    await asyncio.sleep(0)


async def test_after_a_round_a_reader_waits_for_the_next_one(feed: Feed) -> None:
    feed.subscribers = 500
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    await turn()
    assert not feed.defers(feed.log.end)
    say(feed, 2)
    assert feed.defers(feed.log.end - 1)
    feed.wait(reader)
    await asyncio.sleep(499 * REST_SECONDS)
    assert reader.woken == 1
    await asyncio.sleep(2 * REST_SECONDS)
    assert reader.woken == 2


@pytest.mark.parametrize(
    ("direct", "items", "seconds"),
    [
        (0, 1, 1000 * REST_SECONDS),
        (0, 50, 1000 * REST_SECONDS),
        (1000, 1, 1000 * DIRECT_SECONDS),
        (1000, 3, 3000 * DIRECT_SECONDS),
        (1000, 50, 1000 * REST_SECONDS),
        (500, 1, 500 * DIRECT_SECONDS + 500 * REST_SECONDS),
    ],
)
async def test_a_rest_is_as_long_as_its_round_was_worth(feed: Feed, direct: int, items: int, seconds: float) -> None:
    """Where no proxy is in between, one item earns a short one, and many as long a one as for all others."""
    feed.subscribers, feed.direct_subscribers = 1000, direct
    for number in range(1, items + 1):
        say(feed, number)
    assert feed._rest_seconds() == pytest.approx(seconds)


async def test_a_write_full_of_new_items_ends_the_rest(feed: Feed) -> None:
    feed.subscribers = 1_000_000
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    await turn()
    feed.wait(reader)
    value = b"\x12\x80\x20" + bytes(4096)
    items = ROUND_BYTES // 4096
    for number in range(2, 2 + items):
        feed.append(PAGE, number, item_frame(number, PAGE, value, b""))
    assert not feed.defers(feed.log.end - items)
    await turn()
    assert reader.woken == 2


async def test_what_a_resting_feed_has_for_readers_is_kept(feed: Feed) -> None:
    feed.subscribers = 1
    reader = Reader()
    feed.wait(reader)
    say(feed, 1)
    await turn()
    feed.subscribers = 1_000
    feed.wait(reader)
    say(feed, 2)
    await turn()
    say(feed, 3)
    feed.wait(reader)
    feed.subscribers = 1
    feed.trim()
    assert feed.log.held_bytes


async def test_another_subscriber_wakes_nobody_where_it_brings_no_news(feed: Feed) -> None:
    reader = Reader()
    feed.wait(reader)
    feed.align(PAGE, 0)
    assert reader.woken == 0
