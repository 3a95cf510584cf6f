"""The topics that the service itself writes: this router numbers what the account service tells it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from momento_wire_types import cachepubsub_pb2 as wire

from api.items import Discontinuity, item_frame
from api.link import Resumed, Sink
from api.names import Topic
from api.system import known
from backplane.system import Interest, SystemItem


@dataclass(slots=True)
class _Told:
    """A topic that somebody here listens to: the number and the content of its newest item."""

    page: int
    last: int = 0
    body: str = ""
    frame: bytes = b""


class SystemLink:
    """Watched as storage nodes are. A topic is here while somebody listens, with its newest item alone."""

    def __init__(self, sink: Sink, now: Callable[[], float] = time.time) -> None:
        self._sink = sink
        self._now = now
        self._topics: dict[Topic, _Told] = {}

    def __repr__(self) -> str:
        return f"<SystemLink {len(self._topics)} topics>"

    def interests(self) -> Sequence[Interest]:
        """Return what subscribers here listen to."""
        return sorted(
            {Interest(topic.account, name) for topic in self._topics if (name := known(topic.name)) is not None}
        )

    def tell(self, items: Sequence[SystemItem]) -> None:
        """Number items and pass them on. One that says what its topic has said last is left out."""
        listened: dict[tuple[str, str], list[Topic]] = {}
        for topic in self._topics:
            listened.setdefault((topic.account, topic.name), []).append(topic)
        for account, name, body in items:
            for topic in listened.get((account, name), ()):
                self._say(topic, body)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        told = self._topics.setdefault(topic, _Told(int(self._now() * 1000)))
        after = told.last + 1
        fresh = number == 0 and page == 0
        is_current = page in (0, told.page)
        if is_current and not fresh and number == after:
            return Resumed(told.page, told.last, None, [], after)
        missed = not (fresh or (is_current and number == told.last))
        gap = Discontinuity(max(number, 1) - 1, told.last, told.page) if missed else None
        return Resumed(told.page, told.last, gap, [told.frame] if told.frame else [], after)

    def watch(self, topic: Topic, page: int, last: int) -> None:
        self._topics.setdefault(topic, _Told(page or int(self._now() * 1000), last))

    def unsubscribe(self, topic: Topic) -> None:
        self._topics.pop(topic, None)

    def _say(self, topic: Topic, body: str) -> None:
        told = self._topics[topic]
        if body == told.body:
            return
        told.last, told.body = told.last + 1, body
        value = wire._TopicValue(text=body).SerializeToString()
        told.frame = item_frame(told.last, told.page, value, b"")
        self._sink.item(topic, told.page, told.last, told.frame)
