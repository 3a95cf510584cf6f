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


def nobody(request_id: int, event: wire.Event) -> None:
    """Be told of what concerns a subscriber."""
    raise AssertionError(request_id)


def test_a_watch_that_ended_while_it_was_taken_up_stays_ended() -> None:
    """Its answers come in parts. Whoever asked for the next one would have the node broadcast to nobody."""
    heard, sent = Heard(), list[wire.Request]()
    watches = Watches(heard, sent.append, nobody)
    watches.begin(TOPIC, page=7, last=3)
    (retake,) = sent
    watches.end(TOPIC)
    part = wire.Resumed(id=retake.id, page=7, last=9, frames=[b"four"], next=5)
    watches.resumed(wire.Event(resumed=part))
    assert [request.WhichOneof("kind") for request in sent] == ["subscribe", "unsubscribe"]
    assert heard.told == []
