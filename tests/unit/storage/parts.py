"""A storage node on a clock that the test turns, and routers that write down what they are told."""

from momento_wire_types import cachepubsub_pb2 as wire

from api.framing import HEADER_BYTES
from api.link import Resumed
from api.names import Topic
from storage.node import Node
from storage.settings import HistorySettings
from tests.unit.clock import Clock

TOPIC = Topic("acme", "acme-cache", "topic")
ELSEWHERE = Topic("acme", "acme-cache", "elsewhere")
NOON_MS = 1_700_000_000_000


class Heard:
    """A router, as far as the node knows it."""

    def __init__(self) -> None:
        self.items: list[tuple[Topic, int, int]] = []
        self.frames: list[bytes] = []
        self.news: list[tuple[Topic, int]] = []

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        self.items.append((topic, page, number))
        self.frames.append(frame)

    def moved(self, topic: Topic, map_version: int) -> None:
        self.news.append((topic, map_version))

    @property
    def numbers(self) -> list[int]:
        return [number for _, _, number in self.items]


def node(clock: Clock, settings: HistorySettings | None = None) -> Node:
    """Return a node whose wall clock stands still at noon, so that pages are what they are for a reason."""
    return Node("node-1", settings, now=clock, wall_clock_ms=lambda: NOON_MS)


def value(text: str = "x") -> bytes:
    return wire._TopicValue(text=text).SerializeToString()


def numbers(resumed: Resumed) -> list[int]:
    """Return the numbers of the items that a subscriber gets first."""
    return [number_of(frame) for frame in resumed.frames]


def number_of(frame: bytes) -> int:
    return wire._SubscriptionItem.FromString(frame[HEADER_BYTES:]).item.topic_sequence_number
