"""What a link watches, without a connection."""

from api import link_pb2 as wire
from api.names import Topic
from router.links.watches import Watches

TOPIC = Topic("account", "cache", "topic")


class Heard:
    """A sink that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        self.told.append((page, number))

    def stands(self, topic: Topic, page: int, last: int) -> None:
        self.told.append((page, last))

    def moved(self, topic: Topic, map_version: int) -> None:
        raise AssertionError(topic)


def test_a_watch_that_ended_while_it_was_taken_up_stays_ended() -> None:
    """Its answers come in parts. Whoever asked for the next one would have the node broadcast to nobody."""
    heard, sent, told = Heard(), list[wire.Request](), list[tuple[int, str | None]]()
    watches = Watches(heard, sent.append, lambda id, event: told.append((id, event.WhichOneof("kind"))))
    watches.begin(TOPIC, page=7, last=3)
    (retake,) = sent
    watches.end(TOPIC)
    part = wire.Resumed(id=retake.id, page=7, last=9, frames=[b"four"], next=5)
    watches.resumed(wire.Event(resumed=part))
    assert [request.WhichOneof("kind") for request in sent] == ["subscribe", "unsubscribe"]
    assert heard.told == []


def test_whoever_waits_for_a_watch_that_ended_is_told_to_look_elsewhere() -> None:
    """As where the topic's owner changed while it was asked: else the subscriber would wait until it gives up."""
    sent, told = list[wire.Request](), list[tuple[int, str | None]]()
    watches = Watches(Heard(), sent.append, lambda id, event: told.append((id, event.WhichOneof("kind"))))
    asked = watches.subscribe(TOPIC, 0, 0)
    watches.end(TOPIC)
    watches.resumed(wire.Event(resumed=wire.Resumed(id=asked.id, page=7, next=1)))
    assert told == [(asked.id, "moved")]
    watches.begin(TOPIC, page=7, last=3)
    held = watches.subscribe(TOPIC, 0, 0)
    watches.resumed(wire.Event(resumed=wire.Resumed(id=held.id, page=7, next=1)))
    assert told == [(asked.id, "moved")]
    watches.end(TOPIC)
    assert told == [(asked.id, "moved"), (held.id, "moved")]
