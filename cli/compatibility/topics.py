"""Checks of publishing and subscribing."""

import secrets
import time

from cli.compatibility import grants
from cli.compatibility.check import Check, expect, insist, refused
from cli.compatibility.deployment import Deployment

_LARGEST_OF_JAVASCRIPT = 2**53
_MOST_SECONDS_BETWEEN_HEARTBEATS = 10.0
_OTHER_PAGE = 5_435_435


def _topic() -> str:
    return f"topic-{secrets.token_hex(8)}"


def _kinds(deployment: Deployment) -> None:
    topic = _topic()
    with deployment.open(topic) as stream:
        expect("the first message", stream.kind(), "heartbeat")
        for value in ("text é", b"\x00\xff", "", b""):
            deployment.publish(topic, value)
        values = [item.value for item in stream.items(4)]
    expect("the kinds", [value.WhichOneof("kind") for value in values], ["text", "binary", "text", "binary"])
    expect("the values", [values[0].text, values[1].binary], ["text é", b"\x00\xff"])


def _numbers(deployment: Deployment) -> None:
    topic = _topic()
    with deployment.open(topic) as one, deployment.open(topic) as other:
        expect("the first messages", [one.kind(), other.kind()], ["heartbeat", "heartbeat"])
        for number in range(10):
            deployment.publish(topic, str(number))
        told = [[(item.topic_sequence_number, item.value.text) for item in each.items(10)] for each in (one, other)]
    expect("numbers and values", told[0], [(number + 1, str(number)) for number in range(10)])
    expect("what another subscriber gets", told[1], told[0])


def _pages(deployment: Deployment) -> None:
    topic = _topic()
    for value in ("one", "two"):
        deployment.publish(topic, value)
    with deployment.open(topic, 1) as stream:
        pages = {item.sequence_page for item in stream.items(2)}
    expect("how many pages there are", len(pages), 1)
    insist(f"the page is from 1 to 2^53, {pages} came", holds=0 < min(pages) < _LARGEST_OF_JAVASCRIPT)


def _publisher_id(deployment: Deployment) -> None:
    topic = _topic()
    token = deployment.disposable(grants.explicit(grants.topics(deployment.cache)), token_id="ada")  # noqa: S106
    with deployment.open(topic) as stream:
        stream.next()
        deployment.publish(topic, "hers", token=token)
        deployment.publish(topic, "ours")
        expect("the ids of the publishers", [item.publisher_id for item in stream.items(2)], ["ada", ""])


def _heartbeat_first(deployment: Deployment) -> None:
    topic = _topic()
    deployment.publish(topic, "x")
    for number, page in ((0, 0), (1, 0), (1, _OTHER_PAGE)):
        with deployment.open(topic, number, page) as stream:
            expect(f"the first message from {number} of page {page}", stream.kind(), "heartbeat")


def _newest(deployment: Deployment) -> None:
    topic = _topic()
    for value in ("older", "newest"):
        deployment.publish(topic, value)
    with deployment.open(topic) as stream:
        expect("the first item", stream.items(1)[0].value.text, "newest")
        deployment.publish(topic, "new")
        expect("the next item", stream.items(1)[0].value.text, "new")


def _resume(deployment: Deployment) -> None:
    topic = _topic()
    for value in ("1", "2", "3"):
        deployment.publish(topic, value)
    with deployment.open(topic, 2) as stream:
        items = stream.items(2)
    expect("the items from 2 on", [item.value.text for item in items], ["2", "3"])
    with deployment.open(topic, 4, items[0].sequence_page) as stream:
        stream.next()
        deployment.publish(topic, "4")
        expect("the first item from 4 on", stream.items(1)[0].value.text, "4")


def _discontinuity(deployment: Deployment) -> None:
    topic = _topic()
    deployment.publish(topic, "x")
    for number in (300, 5_434):
        with deployment.open(topic, number, _OTHER_PAGE) as stream:
            told = stream.next_but_heartbeats()
            expect(f"what comes at {number} of a page that is not", told.WhichOneof("kind"), "discontinuity")
            insist("it names the page that is", holds=told.discontinuity.new_sequence_page not in {0, _OTHER_PAGE})
            expect("what follows it", stream.items(1)[0].value.text, "x")


def _heartbeats(deployment: Deployment) -> None:
    with deployment.open(_topic()) as stream:
        expect("the first message", stream.kind(), "heartbeat")
        began = time.monotonic()
        expect("what comes while nothing happens", stream.kind(), "heartbeat")
        waited = time.monotonic() - began
    insist(f"it comes within 10 s, it took {waited:.1f}", holds=waited <= _MOST_SECONDS_BETWEEN_HEARTBEATS)


def _deleted(deployment: Deployment) -> None:
    cache = deployment.new_cache()
    with deployment.open(_topic(), cache=cache) as stream:
        stream.next()
        deployment.delete_cache(cache)
        with refused("NOT_FOUND"):
            stream.read_to_its_end()


def _expired(deployment: Deployment) -> None:
    token = deployment.disposable(grants.explicit(grants.topics(deployment.cache)), seconds=2)
    with deployment.open(_topic(), token=token) as stream:
        stream.next()
        with refused("UNAUTHENTICATED"):
            stream.read_to_its_end()
    with refused("UNAUTHENTICATED"):
        deployment.publish(_topic(), "x", token=token)


CHECKS = (
    Check(34, "text and binary stay what they are, also when empty", _kinds),
    Check(35, "numbers begin at 1 and grow by one, the same for all, without a discontinuity", _numbers),
    Check(36, "a page is positive, constant and below 2^53", _pages),
    Check(37, "publisher_id is the disposable token's id", _publisher_id),
    Check(38, "a heartbeat is first, also on resume", _heartbeat_first),
    Check(40, "a fresh subscription begins with the newest retained item", _newest),
    Check(41, "a resume is inclusive, and waits at the next number", _resume),
    Check(43, "another page: a discontinuity, then what is retained", _discontinuity),
    Check(49, "heartbeats come within 10 s again", _heartbeats),
    Check(51, "a deleted cache ends its subscriptions with NOT_FOUND", _deleted),
    Check(52, "an expired token ends its subscriptions with UNAUTHENTICATED", _expired),
)
