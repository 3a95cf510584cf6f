"""Delivery for one webhook: in order, at least once, with patience, and nothing hidden."""

import asyncio
import random
from dataclasses import replace

import pytest

from accounts.webhook_deliveries.book import LeaseLost
from accounts.webhook_deliveries.pace import Pace
from accounts.webhook_deliveries.topics import Position
from api.webhooks import Outcome
from tests.unit.accounts.webhooks.delivery import DOWN, OK, delivery
from tests.unit.credentials import account
from tests.unit.router.parts import NOTHING_LEFT

FAILED = Outcome(delivered=False, status=500, reason="answered 500")


async def test_an_item_arrives_with_all_that_is_known_of_it() -> None:
    here = await delivery()
    async with here.running():
        await here.publish("hello")
        await here.until(1)
    (told,) = here.receiver.taken
    assert told == {
        "cache": "cache",
        "topic": "topic",
        "event_timestamp": told["event_timestamp"],
        "topic_sequence_number": 1,
        "sequence_page": here.notes.position.page,
        "token_id": "",
        "text": "hello",
        "publish_timestamp": told["publish_timestamp"],
    }
    assert told["publish_timestamp"] >= told["event_timestamp"] > 1_900_000_000_000
    assert here.receiver.headers[0]["webhook-id"] == f"hook_1.{told['sequence_page']}.1"
    assert here.acme.leftovers == NOTHING_LEFT


async def test_what_was_published_before_is_not_sent_and_what_comes_after_is_sent_once_each_in_order() -> None:
    here = await delivery()
    await here.publish("before")
    here.notes.position = Position(here.notes.position.page, 1)
    await here.publish("while nobody runs")
    async with here.running():
        await here.publish(*map(str, range(50)))
        await here.until(51)
    assert here.receiver.texts == ["while nobody runs", *map(str, range(50))]
    assert here.notes.position.number == 52


async def test_a_receiver_that_was_down_for_ten_minutes_gets_everything_in_order() -> None:
    here = await delivery()
    here.receiver.always = DOWN
    loop = asyncio.get_running_loop()
    async with here.running():
        await here.publish(*map(str, range(10)))
        await asyncio.sleep(200)
        await here.publish(*map(str, range(10, 20)))
        await asyncio.sleep(400)
        assert (here.receiver.taken, here.notes.dead) == ([], [])
        tries, since = len(here.receiver.tried), here.receiver.times[0]
        here.receiver.always = OK
        up_at = loop.time()
        await here.until(20)
    assert here.receiver.texts == list(map(str, range(20)))
    assert here.receiver.times[tries] - up_at <= 60
    came = [told["event_timestamp"] - here.receiver.taken[0]["event_timestamp"] for told in here.receiver.taken]
    assert came == pytest.approx([0] * 10 + [200_000] * 10, abs=1000)  # however long they waited
    assert tries < 40
    assert {told["text"] for told in here.receiver.tried[:tries]} == {"0"}
    assert here.notes.troubles[-1] is None
    assert here.notes.troubles[0] is not None
    assert here.notes.troubles[0].since == pytest.approx(1_900_000_000 + since, abs=1)


async def test_waits_grow_and_are_spread() -> None:
    here = await delivery()
    here.receiver.always = DOWN
    async with here.running():
        await here.publish("x")
        await asyncio.sleep(300)
    waits = [after - before for before, after in zip(here.receiver.times, here.receiver.times[1:], strict=False)]
    for tries, wait in enumerate(waits[:8], 1):
        assert min(2 ** (tries - 1), 60) / 2 <= wait <= min(2 ** (tries - 1), 60) + 0.01
    assert len({round(wait % 1, 3) for wait in waits}) > 1


async def test_a_receiver_that_fails_at_random_gets_everything_in_order() -> None:
    here = await delivery()
    dice = random.Random(7)
    here.receiver.answers = [dice.choice([OK, FAILED, DOWN]) for _ in range(300)]
    async with here.running():
        await here.publish(*map(str, range(100)))
        await here.until(100)
    assert here.receiver.texts == list(map(str, range(100)))
    assert here.notes.dead == []
    assert here.tally.events == {"delivered": 100}


async def test_a_slow_receiver_gets_everything_in_order_one_at_a_time() -> None:
    here = await delivery()
    here.receiver.slow_seconds = 9.0
    async with here.running():
        await here.publish(*map(str, range(30)))
        await here.until(30)
    assert here.receiver.texts == list(map(str, range(30)))
    assert here.receiver.most_at_once == 1


async def test_after_an_hour_each_item_gets_one_try_and_is_a_dead_letter() -> None:
    here = await delivery()
    here.receiver.always = DOWN
    async with here.running():
        await here.publish("first", "second", "third")
        await here.until(3)
        here.receiver.always = OK
        await here.publish("fourth")
        await here.until(4)
    assert [(each.number, each.status) for each in here.notes.dead] == [(1, 0), (2, 0), (3, 0)]
    assert [each.tries for each in here.notes.dead][1:] == [1, 1]
    assert here.notes.dead[0].letter is not None
    assert here.notes.dead[0].letter["text"] == "first"
    assert here.receiver.texts == ["fourth"]
    assert here.tally.events == {"dead": 3, "delivered": 1}


async def test_what_the_receiver_cannot_read_does_not_hold_up_the_rest() -> None:
    here = await delivery()
    here.receiver.answers = [Outcome(delivered=False, status=422, reason="answered 422")] * 3
    async with here.running():
        await here.publish("poison", "cure")
        await here.until(2, seconds=60)
    assert [(each.number, each.tries, each.status) for each in here.notes.dead] == [(1, 3, 422)]
    assert here.receiver.texts == ["cure"]


async def test_why_a_topic_cannot_be_read_is_noted_once_and_not_forgotten_while_nothing_can_be_noted() -> None:
    here = await delivery()
    here.notes.is_down = True
    async with here.running(cache="gone"):
        await asyncio.sleep(5)
        assert here.notes.troubles == []
        here.notes.is_down = False
        await asyncio.sleep(5)
    (noted,) = here.notes.troubles
    assert noted is not None
    assert "'gone' does not exist" in noted.reason


async def test_where_there_is_no_room_for_a_dead_letter_the_item_waits() -> None:
    here = await delivery()
    here.receiver.always = DOWN
    here.notes.room = 1
    async with here.running():
        await here.publish("first", "second")
        await asyncio.sleep(20_000)
        assert [each.number for each in here.notes.settled] == [1]
        here.receiver.always = OK
        await here.until(2)
    assert here.receiver.texts == ["second"]


async def test_a_restart_goes_on_behind_what_was_noted_last() -> None:
    here = await delivery()
    async with here.running():
        await here.publish("a", "b")
        await here.until(2)
    await here.publish("c", "d")
    async with here.running():
        await here.until(4)
    assert here.receiver.texts == ["a", "b", "c", "d"]


async def test_what_was_delivered_and_not_noted_is_delivered_again() -> None:
    here = await delivery()
    here.notes.is_lost = True
    await here.publish("a")
    with pytest.raises(LeaseLost):
        await here.courier().run()
    here.notes.is_lost = False
    async with here.running():
        await here.until(1)
    assert here.receiver.texts == ["a", "a"]
    assert len({headers["webhook-id"] for headers in here.receiver.headers}) == 1


async def test_each_item_is_counted_once_as_a_delivery_however_often_it_was_tried() -> None:
    here = await delivery()
    here.receiver.answers = [FAILED, DOWN, OK, FAILED]
    async with here.running():
        await here.publish("12345", "678")
        await here.until(2)
        await here.publish("not taken")
        here.receiver.always = DOWN
        await asyncio.sleep(60)
    assert len(here.receiver.tried) > 4
    assert (here.acme.router.counts.delivered, here.acme.router.counts.delivered_bytes) == (2, 8)


async def test_a_topic_that_began_anew_is_told_of_as_an_event_of_its_own() -> None:
    here = await delivery()
    here.notes.position = Position(here.notes.position.page - 1, 41)
    await here.publish("new")
    async with here.running():
        await here.until(2)
    gap, item = here.receiver.taken
    page = here.notes.position.page
    assert gap["discontinuity"] == {
        "last_topic_sequence": 41,
        "new_topic_sequence": 1,
        "new_sequence_page": page,
    }
    assert "text" not in gap
    assert here.receiver.headers[0]["webhook-id"] == f"hook_1.{page}.1.gap"
    assert item["text"] == "new"
    assert [each.kind for each in here.notes.settled] == ["gap", "item"]


async def test_more_than_a_router_holds_for_slow_readers_comes_from_the_history() -> None:
    """The router drops what exceeds 4 MiB; the topic's history, of 16 MiB, still has it."""
    here = await delivery()
    here.receiver.always = DOWN
    large = "x" * 1_000_000
    async with here.running():
        for number in range(9):
            await here.publish(f"{number}{large}")
        await asyncio.sleep(60)
        here.receiver.always = OK
        await here.until(9)
    assert [text[0] for text in here.receiver.texts] == list("012345678")


async def test_so_many_requests_go_out_together_and_so_many_in_a_second() -> None:
    here = await delivery()
    here.receiver.slow_seconds = 1.0
    await here.publish(*map(str, range(40)))
    async with here.running(concurrency=4, per_second=10):
        await here.until(40)
    assert here.receiver.most_at_once == 4
    assert sorted(here.receiver.texts, key=int) == list(map(str, range(40)))
    times = here.receiver.times
    assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[10:], strict=False))


async def test_all_webhooks_of_a_process_share_a_rate() -> None:
    here = await delivery()
    here.shared = Pace(10)
    await here.publish(*map(str, range(20)))
    async with here.running(), here.running():
        await here.until(40)
    times = here.receiver.times
    assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[10:], strict=False))


async def test_a_topic_that_cannot_be_read_is_tried_again_and_why_is_told_once() -> None:
    here = await delivery()
    await here.publish("x")
    await here.acme.directory.put_account(replace(account(), version=2, suspended=True))
    async with here.running() as courier:
        await asyncio.sleep(10)
        assert courier.failing_since is None
        await here.acme.directory.put_account(replace(account(), version=3))
        await here.until(1)
    assert here.receiver.texts == ["x"]
    told, mended = here.notes.troubles
    assert told is not None
    assert (told.tries, told.reason) == (0, "the account is suspended; its owner can tell why")
    assert mended is None


async def test_a_stream_that_moves_is_no_trouble() -> None:
    here = await delivery()
    await here.publish("x")
    here.acme.router.drain()
    async with here.running():
        await asyncio.sleep(10)
        here.acme.router._draining = False
        await here.until(1)
    assert (here.receiver.texts, here.notes.troubles) == (["x"], [])
