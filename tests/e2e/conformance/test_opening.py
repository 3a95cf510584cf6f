"""What a subscription begins with: CONFORMANCE A4, 33 to 48."""

import time

import pytest
from momento_wire_types import cachepubsub_pb2 as pubsub

from tests.e2e.conformance.refusals import refused
from tests.e2e.core.frames import messages, subscription
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, explicit, topic_grant

LARGE_ITEMS, LARGE_BYTES = 12, 3_000_000
"""More than a topic's history holds."""


def publish(client: Client, cache: str, count: int, topic: str = "a") -> None:
    """Publish the texts 1, 2, 3 and so on."""
    for number in range(1, count + 1):
        client.publish(cache, topic, str(number))


def page_of(client: Client, cache: str, topic: str = "a") -> int:
    stream = client.subscribe(cache, topic)
    page = stream.item().sequence_page
    stream.cancel()
    return page


def test_a_topic_exists_as_soon_as_it_is_used(owner: Client, cache: str) -> None:
    assert owner.publish(cache, "never used, without subscribers", "x") is not None


def test_text_and_binary_come_as_they_were_sent(owner: Client, cache: str) -> None:
    stream = owner.subscribe(cache, "a")
    owner.publish(cache, "a", "grüße")
    owner.publish(cache, "a", b"\x00\xff")
    assert stream.item().value == pubsub._TopicValue(text="grüße")
    assert stream.item().value == pubsub._TopicValue(binary=b"\x00\xff")


def test_an_empty_text_keeps_its_kind_and_a_missing_value_is_refused(owner: Client, cache: str) -> None:
    stream = owner.subscribe(cache, "a")
    owner.publish(cache, "a", "")
    owner.publish(cache, "a", b"")
    assert stream.item().value.WhichOneof("kind") == "text"
    assert stream.item().value.WhichOneof("kind") == "binary"
    with refused("INVALID_ARGUMENT"):
        owner.publish_value(cache, "a", pubsub._TopicValue())
    with refused("INVALID_ARGUMENT"):
        owner.publish_value(cache, "a", None)


def test_numbers_begin_at_one_in_each_topic_and_grow_by_one(owner: Client, cache: str) -> None:
    for topic in ("a", "b"):
        stream = owner.subscribe(cache, topic)
        publish(owner, cache, 5, topic)
        assert [stream.item().topic_sequence_number for _ in range(5)] == [1, 2, 3, 4, 5]


def test_a_page_is_positive_constant_and_fits_in_a_javascript_number(owner: Client, cache: str) -> None:
    stream = owner.subscribe(cache, "a")
    publish(owner, cache, 3)
    pages = {stream.item().sequence_page for _ in range(3)}
    assert len(pages) == 1
    assert 0 < pages.pop() < 2**53


def test_the_publishers_id_is_the_disposable_tokens_id(tenant: Tenant, owner: Client, cache: str) -> None:
    granted = owner.disposable(tenant.key, explicit(topic_grant(cache=cache)), token_id="myTokenID").api_key
    stream = owner.subscribe(cache, "a")
    tenant.client(granted).publish(cache, "a", "x")
    owner.publish(cache, "a", "y")
    assert [stream.item().publisher_id for _ in range(2)] == ["myTokenID", ""]


@pytest.mark.parametrize("resume", ["new", "within", "next", "beyond", "other page"])
def test_the_first_message_is_a_heartbeat_also_on_resume(owner: Client, cache: str, resume: str) -> None:
    publish(owner, cache, 3)
    page = page_of(owner, cache)
    number, of_page = {
        "new": (0, 0),
        "within": (2, page),
        "next": (4, page),
        "beyond": (300, page),
        "other page": (2, 5_435_435),
    }[resume]
    owner.subscribe(cache, "a", number, of_page).cancel()


def test_a_refusal_comes_without_a_heartbeat(owner: Client) -> None:
    with refused("NOT_FOUND"):
        owner.open("no-such-cache", "a").next()


def test_a_fresh_subscription_gets_the_newest_item_then_new_ones(owner: Client, cache: str) -> None:
    publish(owner, cache, 3)
    stream = owner.subscribe(cache, "a")
    owner.publish(cache, "a", "4")
    assert stream.texts(2) == ["3", "4"]


@pytest.mark.parametrize("with_page", [False, True])
def test_a_resumed_subscription_begins_with_the_number_it_names(owner: Client, cache: str, with_page: bool) -> None:
    publish(owner, cache, 3)
    stream = owner.subscribe(cache, "a", 2, page_of(owner, cache) if with_page else 0)
    assert [stream.item().topic_sequence_number for _ in range(2)] == [2, 3]


@pytest.mark.parametrize("with_page", [False, True])
def test_a_resume_at_the_next_number_waits_without_a_discontinuity(owner: Client, cache: str, with_page: bool) -> None:
    publish(owner, cache, 3)
    stream = owner.subscribe(cache, "a", 4, page_of(owner, cache) if with_page else 0)
    owner.publish(cache, "a", "4")
    assert stream.texts(1) == ["4"]


@pytest.mark.parametrize(("number", "page"), [(300, 5_435_435), (5434, 95_764), (300, 0)])
def test_a_position_that_does_not_exist_is_answered_by_a_discontinuity_and_what_is_retained(
    owner: Client, cache: str, number: int, page: int
) -> None:
    publish(owner, cache, 3)
    current = page_of(owner, cache)
    stream = owner.subscribe(cache, "a", number, page)
    gap = stream.next().discontinuity
    assert (gap.new_topic_sequence, gap.new_sequence_page) == (1, current)
    assert stream.texts(3) == ["1", "2", "3"]


def test_a_resume_before_the_oldest_item_names_the_gap(owner: Client, cache: str) -> None:
    for _ in range(LARGE_ITEMS):
        owner.publish(cache, "a", bytes(LARGE_BYTES))
    current = page_of(owner, cache)
    stream = owner.subscribe(cache, "a", 2, current)
    gap = stream.next().discontinuity
    first = stream.item()
    assert (gap.last_topic_sequence, gap.new_topic_sequence, gap.new_sequence_page) == (
        1,
        first.topic_sequence_number,
        current,
    )
    assert stream.item().topic_sequence_number == first.topic_sequence_number + 1


def test_a_discontinuity_with_nothing_retained_names_the_last_number(owner: Client, cache: str) -> None:
    stream = owner.subscribe(cache, "empty", 300, 5_435_435)
    assert stream.next().discontinuity.new_topic_sequence == 0
    owner.publish(cache, "empty", "first")
    assert stream.item().topic_sequence_number == 1


def test_a_discontinuity_and_the_item_after_it_come_in_one_flush(tenant: Tenant, owner: Client, cache: str) -> None:
    """An SDK believes to have seen the number it names, so nothing may come between."""
    publish(owner, cache, 3)
    with Connection(tenant.service.port) as connection:
        headers = (*GRPC, ("authorization", tenant.key))
        stream = connection.open("/cache_client.pubsub.Pubsub/Subscribe", headers=headers, end=False)
        connection.data(stream, subscription(cache, "a", 300, 5_435_435))
        connection.wait(lambda: len(messages(connection.answers[stream].body)) >= 3)
        kinds = [message.WhichOneof("kind") for message in messages(connection.answers[stream].body)]
    assert kinds[:3] == ["heartbeat", "discontinuity", "item"]


def test_there_is_no_discontinuity_in_normal_flow(owner: Client, cache: str) -> None:
    """Ten seconds, as the SDKs' tests have it, with heartbeats and items."""
    stream = owner.subscribe(cache, "fresh")
    until = time.monotonic() + 10
    published = heartbeats = 0
    while time.monotonic() < until:
        message = stream.next()
        assert not message.HasField("discontinuity")
        heartbeats += message.HasField("heartbeat")
        if message.HasField("heartbeat"):
            published += 1
            owner.publish(cache, "fresh", str(published))
    assert heartbeats >= 1
