import pytest

from api.link import Receipt
from api.names import Topic
from storage.history import ITEM_BYTES, TOPIC_BYTES
from storage.node import SWEPT_AT_ONCE, Node
from storage.settings import HistorySettings
from tests.unit.clock import Clock
from tests.unit.storage.parts import ELSEWHERE, NOON_MS, TOPIC, Heard, node, number_of, numbers, value


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sweep(storage: Node) -> None:
    for _ in storage.sweep():
        pass


def test_a_topic_is_there_as_soon_as_it_is_used(clock: Clock) -> None:
    storage = node(clock)
    assert len(storage) == 0
    assert storage.publish(TOPIC, value(), b"") == Receipt(NOON_MS, 1)
    assert storage.subscribe(ELSEWHERE, Heard(), 0, 0).last == 0
    assert len(storage) == 2


def test_topics_are_numbered_apart_and_never_share_a_page(clock: Clock) -> None:
    storage = node(clock)
    first, second = storage.publish(TOPIC, value(), b""), storage.publish(ELSEWHERE, value(), b"")
    assert (first.number, second.number) == (1, 1)
    assert first.page != second.page


@pytest.mark.parametrize(
    "other", [("bolt", "acme-cache", "topic"), ("acme", "cache-2", "topic"), ("acme", "acme-cache", "Topic")]
)
def test_an_account_a_cache_and_a_name_make_a_topic(clock: Clock, other: tuple[str, str, str]) -> None:
    storage, heard = node(clock), Heard()
    storage.subscribe(TOPIC, heard, 0, 0)
    storage.publish(Topic(*other), value(), b"")
    assert heard.items == []


def test_an_item_is_broadcast_once_to_each_router_that_watches(clock: Clock) -> None:
    storage, first, second = node(clock), Heard(), Heard()
    for router in (first, first, second):
        storage.subscribe(TOPIC, router, 0, 0)
    receipt = storage.publish(TOPIC, value(), b"")
    assert first.items == second.items == [(TOPIC, receipt.page, 1)]
    assert first.frames[0] is second.frames[0]
    assert number_of(first.frames[0]) == 1


def test_a_router_that_stopped_watching_is_not_told(clock: Clock) -> None:
    storage, heard = node(clock), Heard()
    storage.subscribe(TOPIC, heard, 0, 0)
    storage.unsubscribe(TOPIC, heard)
    storage.unsubscribe(TOPIC, heard)
    storage.unsubscribe(ELSEWHERE, heard)
    storage.publish(TOPIC, value(), b"")
    assert heard.items == []


def test_a_router_that_has_gone_is_told_of_no_topic(clock: Clock) -> None:
    storage, gone, stays = node(clock), Heard(), Heard()
    for topic in (TOPIC, ELSEWHERE):
        storage.subscribe(topic, gone, 0, 0)
        storage.subscribe(topic, stays, 0, 0)
    storage.gone(gone)
    storage.publish(TOPIC, value(), b"")
    storage.publish(ELSEWHERE, value(), b"")
    assert (len(gone.items), len(stays.items)) == (0, 2)


def test_what_a_subscriber_gets_first_joins_what_it_is_told_next(clock: Clock) -> None:
    storage, heard = node(clock), Heard()
    for _ in range(3):
        storage.publish(TOPIC, value(), b"")
    resumed = storage.subscribe(TOPIC, heard, 1, 0)
    storage.publish(TOPIC, value(), b"")
    assert numbers(resumed) + heard.numbers == [1, 2, 3, 4]


def test_what_is_too_old_is_not_given_to_a_subscriber_even_before_a_sweep(clock: Clock) -> None:
    storage = node(clock, HistorySettings(seconds=60.0))
    storage.publish(TOPIC, value(), b"")
    clock.advance(61.0)
    resumed = storage.subscribe(TOPIC, Heard(), 1, 0)
    assert (numbers(resumed), resumed.last, storage.taken_bytes) == ([], 1, TOPIC_BYTES)


def test_a_sweep_lets_others_have_a_turn_and_bears_what_they_do_meanwhile(clock: Clock) -> None:
    storage = node(clock, HistorySettings(seconds=60.0, idle_seconds=30.0))
    topics = [Topic("acme", "acme-cache", str(number)) for number in range(2 * SWEPT_AT_ONCE)]
    for topic in topics:
        storage.publish(topic, value(), b"")
    clock.advance(61.0)
    steps = storage.sweep()
    next(steps)
    assert len(storage) == SWEPT_AT_ONCE
    storage.release(topics[-1], 1)
    storage.publish(topics[-2], value(), b"")
    storage.publish(TOPIC, value(), b"")
    for _ in steps:
        pass
    assert set(storage.topics()) == {topics[-2], TOPIC}
    assert storage.taken_bytes == sum(owned.history.taken_bytes for owned in storage._topics.values())


def test_an_idle_topic_is_forgotten_and_comes_back_with_a_larger_page(clock: Clock) -> None:
    storage = node(clock, HistorySettings(seconds=60.0, idle_seconds=30.0))
    before = storage.publish(TOPIC, value(), b"")
    clock.advance(59.0)
    sweep(storage)
    assert len(storage) == 1
    clock.advance(2.0)
    sweep(storage)
    assert len(storage) == 0
    after = storage.publish(TOPIC, value(), b"")
    assert after.number == 1
    assert after.page > before.page


def test_a_topic_is_remembered_while_it_is_watched_or_was_used_lately(clock: Clock) -> None:
    storage, heard = node(clock, HistorySettings(seconds=1.0, idle_seconds=30.0)), Heard()
    before = storage.subscribe(TOPIC, heard, 0, 0).page
    clock.advance(1000.0)
    sweep(storage)
    storage.unsubscribe(TOPIC, heard)
    clock.advance(29.0)
    sweep(storage)
    assert storage.publish(TOPIC, value(), b"") == Receipt(before, 1)


def test_a_page_grows_also_when_the_wall_clock_does_not(clock: Clock) -> None:
    wall = [NOON_MS]
    storage = Node("node-1", now=clock, wall_clock_ms=lambda: wall[0])
    first = storage.publish(TOPIC, value(), b"").page
    wall[0] -= 3_600_000
    assert storage.publish(ELSEWHERE, value(), b"").page == first + 1


def test_all_topics_together_keep_at_most_so_many_bytes(clock: Clock) -> None:
    storage = node(clock, HistorySettings(total_bytes=40_000))
    topics = [Topic("acme", "acme-cache", str(number)) for number in range(20)]
    for topic in topics:
        for _ in range(5):
            storage.publish(topic, value("x" * 100), b"")
            assert storage.taken_bytes <= 40_000
    kept = [len(numbers(storage.subscribe(topic, Heard(), 1, 0))) for topic in topics]
    assert kept[0] == 0
    assert kept[-1] == 5
    assert kept == sorted(kept)


def test_the_topics_published_to_least_recently_give_way_first(clock: Clock) -> None:
    storage = node(clock, HistorySettings(total_bytes=1300 + 2 * TOPIC_BYTES))
    storage.publish(TOPIC, value("x" * 400), b"")
    storage.publish(ELSEWHERE, value("x" * 400), b"")
    storage.publish(TOPIC, value("x" * 400), b"")
    assert numbers(storage.subscribe(ELSEWHERE, Heard(), 0, 0)) == []
    assert numbers(storage.subscribe(TOPIC, Heard(), 1, 0)) == [1, 2]


def test_to_make_room_it_looks_at_no_topic_twice_that_has_nothing_to_give(clock: Clock) -> None:
    storage = node(clock, HistorySettings(total_bytes=1000 + 100 * TOPIC_BYTES))
    for number in range(100):
        topic = Topic("acme", "acme-cache", str(number))
        storage.subscribe(topic, Heard(), 0, 0)
        storage.publish(topic, value("x" * 200), b"")
    holding = {topic for topic, owned in storage._topics.items() if owned.history}
    assert set(storage._holding) == holding
    assert len(holding) < 5
    assert len(storage) == 100


@pytest.mark.parametrize("is_read", [False, True])
def test_topics_without_end_take_no_more_than_the_node_may(clock: Clock, *, is_read: bool) -> None:
    """Neither those that are published to once nor those that are looked at once; what is subscribed to stays."""
    storage = node(clock, HistorySettings(total_bytes=50_000))
    storage.subscribe(TOPIC, heard := Heard(), 0, 0)
    for number in range(1000):
        topic = Topic("acme", "acme-cache", str(number))
        if is_read:
            storage.subscribe(topic, other := Heard(), 0, 0)
            storage.unsubscribe(topic, other)
        else:
            storage.publish(topic, value(), b"")
        assert storage.taken_bytes <= 50_000
    assert len(storage) < 50
    storage.publish(TOPIC, value(), b"")
    assert heard.numbers == [1]


def test_a_durable_topic_is_not_forgotten_to_make_room(clock: Clock) -> None:
    """It may be loaded for a publish that the journal is about to have."""
    storage = node(clock, HistorySettings(total_bytes=10_000))
    storage.begin(durable := TOPIC._replace(durable=True))
    for number in range(100):
        storage.publish(Topic("acme", "acme-cache", str(number)), value(), b"")
    assert durable in storage


def test_what_it_holds_is_counted_exactly(clock: Clock) -> None:
    storage = node(clock, HistorySettings(items=3, seconds=60.0, total_bytes=2000 + 5 * TOPIC_BYTES, topic_bytes=700))
    for number in range(60):
        clock.advance(5.0)
        storage.publish(Topic("acme", "c", str(number % 7)), value("x" * (number * 13 % 300)), b"")
        if number % 5 == 0:
            sweep(storage)
        histories = [owned.history for owned in storage._topics.values()]
        assert storage.taken_bytes == sum(history.taken_bytes for history in histories)
        for history in histories:
            assert history.taken_bytes == TOPIC_BYTES + history.held_bytes + ITEM_BYTES * len(history)


def test_it_says_what_it_holds(clock: Clock) -> None:
    storage = node(clock)
    storage.publish(TOPIC, value(), b"")
    assert repr(storage) == f"<Node node-1, 1 topics, {storage.taken_bytes} bytes>"


def test_topics_whose_watchers_have_left_give_way_again(clock: Clock) -> None:
    storage, heard, other = node(clock, HistorySettings(total_bytes=50_000)), Heard(), Heard()
    for number in range(100):
        storage.subscribe(Topic("acme", "acme-cache", str(number)), heard if number % 2 else other, 0, 0)
    receipts = [storage.publish(TOPIC, value(), b"") for _ in range(3)]
    assert [receipt.number for receipt in receipts] == [1, 2, 3]
    assert len({receipt.page for receipt in receipts}) == 1
    storage.gone(heard)
    for number in range(0, 100, 2):
        storage.unsubscribe(Topic("acme", "acme-cache", str(number)), other)
    storage.publish(TOPIC, value(), b"")
    assert storage.taken_bytes <= 50_000
