"""The topics that a link watches, and how each is taken up again after a break; no I/O.

Between a new connection and the node's answer about a topic, what is broadcast of it is in that answer already; and
answers to new subscribers wait, because they speak of items that the others are still to get.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from api import link_pb2 as wire
from api.link import Sink
from api.names import Topic
from api.topic_names import topic_message


@dataclass(slots=True)
class Watch:
    """A watched topic: its number on this link, and the newest item seen of it."""

    topic: Topic
    id: int
    page: int = 0
    last: int = 0
    retaking: bool = False
    held: list[wire.Event] = field(default_factory=list[wire.Event])
    """Answers to new subscribers, held back while the topic is taken up."""


class Watches:
    """All watches of one link."""

    def __init__(
        self, sink: Sink, send: Callable[[wire.Request], None], answer: Callable[[int, wire.Event], None]
    ) -> None:
        """`send` queues a request while there is a connection; `answer` is told what concerns one subscriber."""
        self._sink = sink
        self._send = send
        self._answer = answer
        self._ids = itertools.count(1)
        self._watches: dict[Topic, Watch] = {}
        self._by_id: dict[int, Watch] = {}
        self._asked: dict[int, tuple[Watch, bool]] = {}
        """The watch that a request is about, and whether it takes the topic up."""

    def __len__(self) -> int:
        return len(self._watches)

    def next_id(self) -> int:
        """Return a number for a request."""
        return next(self._ids)

    def begin(self, topic: Topic, page: int, last: int) -> None:
        """Watch a topic of which everything up to `last` of `page` is known; take it up if there is a connection."""
        if topic not in self._watches:
            watch = self._added(topic)
            watch.page, watch.last, watch.retaking = page, last, True
            self._retake(watch)

    def subscribe(self, topic: Topic, number: int, page: int) -> wire.Request:
        """Return the request of a new subscriber, whose answer comes by `answer`."""
        watch = self._watches.get(topic) or self._added(topic)
        request = _subscribe(self.next_id(), watch, number, page)
        self._asked[request.id] = (watch, False)
        return request

    def given_up(self, request_id: int) -> None:
        """Expect no answer to this request any more."""
        self._asked.pop(request_id, None)

    def end(self, topic: Topic) -> None:
        """Watch a topic no more."""
        watch = self._watches.pop(topic, None)
        if watch is not None:
            del self._by_id[watch.id]
            for held in watch.held:
                self._ended(held.resumed.id)
            self._send(wire.Request(unsubscribe=wire.Unsubscribe(topic=topic_message(topic))))

    def connected(self) -> None:
        """Take up everything on a new connection."""
        for watch in list(self._watches.values()):
            watch.retaking = True
            self._retake(watch)

    def disconnected(self) -> None:
        """Expect no answers: there is no connection."""
        self._asked.clear()
        for watch in self._watches.values():
            watch.held.clear()

    def item(self, watch_id: int, page: int, number: int, frame: bytes) -> None:
        """Take a broadcast item."""
        watch = self._by_id.get(watch_id)
        if watch is not None and not watch.retaking:
            self._tell(watch, page, number, frame)

    def resumed(self, event: wire.Event) -> None:
        """Take the answer to a subscribe."""
        resumed = event.resumed
        watch, retaken = self._asked.pop(resumed.id, (None, False))
        if watch is None:
            return  # whoever asked has given up
        if self._by_id.get(watch.id) is not watch:
            self._ended(resumed.id)
        elif retaken:
            self._catch_up(watch, resumed)
        elif watch.retaking:
            watch.held.append(event)
        else:
            watch.page, watch.last = resumed.page, resumed.last
            self._answer(resumed.id, event)

    def moved(self, event: wire.Event) -> None:
        """Take the answer that the node does not own the topic, or the news that it does so no more."""
        if event.moved.watch:
            watch = self._by_id.get(event.moved.watch)
            if watch is not None:
                self._lost(watch, event.moved.map_version)
            return
        watch, retaken = self._asked.pop(event.moved.id, (None, False))
        if watch is None or not retaken:
            self._answer(event.moved.id, event)
        elif self._by_id.get(watch.id) is watch:
            self._lost(watch, event.moved.map_version)

    def _ended(self, request_id: int) -> None:
        """Have whoever still waits for an answer about a watch that has ended look where the topic is by now."""
        self._answer(request_id, wire.Event(moved=wire.Moved(id=request_id)))

    def _lost(self, watch: Watch, map_version: int) -> None:
        for held in watch.held:
            moved = wire.Moved(id=held.resumed.id, map_version=map_version)
            self._answer(held.resumed.id, wire.Event(moved=moved))
        del self._watches[watch.topic], self._by_id[watch.id]
        self._sink.moved(watch.topic, map_version)

    def _added(self, topic: Topic) -> Watch:
        watch = self._watches[topic] = Watch(topic, self.next_id())
        self._by_id[watch.id] = watch
        return watch

    def _retake(self, watch: Watch) -> None:
        number, page = (watch.last + 1, watch.page) if watch.page else (0, 0)
        request = _subscribe(self.next_id(), watch, number, page)
        self._asked[request.id] = (watch, True)
        self._send(request)

    def _catch_up(self, watch: Watch, resumed: wire.Resumed) -> None:
        if watch.page:
            first = resumed.next - len(resumed.frames)
            for offset, frame in enumerate(resumed.frames):
                self._tell(watch, resumed.page, first + offset, frame)
        watch.page, watch.last = resumed.page, resumed.next - 1
        watch.retaking = resumed.next <= resumed.last
        if watch.retaking:
            self._retake(watch)
            return
        self._sink.stands(watch.topic, watch.page, watch.last)
        held, watch.held = watch.held, []
        for event in held:
            self._answer(event.resumed.id, event)

    def _tell(self, watch: Watch, page: int, number: int, frame: bytes) -> None:
        watch.page, watch.last = page, number
        self._sink.item(watch.topic, page, number, frame)


def _subscribe(request_id: int, watch: Watch, number: int, page: int) -> wire.Request:
    subscribe = wire.Subscribe(topic=topic_message(watch.topic), watch=watch.id, number=number, page=page)
    return wire.Request(id=request_id, subscribe=subscribe)
