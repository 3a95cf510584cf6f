import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import blocks
from api import link_pb2 as wire
from api.blocks import Item, Publish, Stored
from api.names import Topic
from api.topic_names import TopicNames

NUMBERS = st.integers(0, 2**64 - 1)
TEXTS = st.text(max_size=20)
TOPICS = st.builds(Topic, TEXTS, TEXTS, TEXTS, st.booleans())
TRACES = st.sampled_from(["", "", "00-1-1-01"])
PUBLISHES = st.builds(Publish, NUMBERS, TOPICS, st.binary(max_size=40), st.binary(max_size=10), TRACES)
ITEMS = st.builds(Item, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=40), TRACES)
STORED = st.builds(Stored, NUMBERS, NUMBERS, NUMBERS)
REQUESTS = st.builds(lambda: wire.Request(recall=wire.Recall()))
EVENTS = st.builds(lambda: wire.Event(resumed=wire.Resumed()))


def is_packed(each: object, as_blocks: bool) -> bool:
    return as_blocks and isinstance(each, Publish | Item) and not each.traceparent


@given(st.lists(PUBLISHES | REQUESTS), st.booleans())
def test_what_a_node_takes_has_the_order_in_which_it_was_asked(
    waiting: list[wire.Request | Publish], as_blocks: bool
) -> None:
    taken: list[object] = []
    names = TopicNames()
    for batch in blocks.router_batches(waiting, TopicNames(), as_blocks=as_blocks):
        taken += batch.requests
        taken += blocks.publishes(batch.publishes, names)
    plain = [
        each if is_packed(each, as_blocks) or isinstance(each, wire.Request) else blocks.publish_request(each)
        for each in waiting
    ]
    assert taken == plain


@given(st.lists(ITEMS | EVENTS | STORED), st.booleans())
def test_what_a_router_takes_of_items_and_events_has_their_order(
    waiting: list[wire.Event | Item | Stored], as_blocks: bool
) -> None:
    taken: list[object] = []
    stored: list[tuple[int, ...]] = []
    for batch in blocks.node_batches(waiting, as_blocks=as_blocks):
        for event in batch.events:
            if event.HasField("receipt"):
                stored.append((event.receipt.id, event.receipt.page, event.receipt.number))
            else:
                taken.append(event)
        taken += blocks.items(batch.items)
        stored += blocks.receipts(batch.receipts)
    assert stored == [tuple(each) for each in waiting if isinstance(each, Stored)]
    others = [each for each in waiting if not isinstance(each, Stored)]
    assert taken == [each if is_packed(each, as_blocks) else blocks.event(each) for each in others]


@given(PUBLISHES, ITEMS, STORED, st.data())
def test_a_block_that_is_cut_off_is_refused(publish: Publish, item: Item, stored: Stored, data: st.DataObject) -> None:
    waiting = [item._replace(traceparent=""), stored]
    (asked,) = blocks.router_batches([publish._replace(traceparent="")], TopicNames(), as_blocks=True)
    (told,) = blocks.node_batches(waiting, as_blocks=True)

    def cut(block: bytes) -> bytes:
        return block[: data.draw(st.integers(1, len(block) - 1))]

    with pytest.raises(ValueError, match="cut off"):
        list(blocks.publishes(cut(asked.publishes), TopicNames()))
    with pytest.raises(ValueError, match="cut off"):
        list(blocks.items(cut(told.items)))
    with pytest.raises(ValueError, match="cut off"):
        list(blocks.receipts(cut(told.receipts)))


def test_topics_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.topic_names.REMEMBERED_TOPICS", 2)
    names = TopicNames()
    topics = [Topic("account", "cache", f"topic-{number}") for number in range(5)] * 2
    assert [names.topic_of(names.bytes_of(topic)) for topic in topics] == topics
    assert repr(names) == "<TopicNames 2 and 2 remembered>"
