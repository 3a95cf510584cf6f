"""A storage node: the topics that it owns, and the routers that watch them. It never talks to a subscriber."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from api.items import value_size
from api.link import Receipt, Resumed, Watcher
from api.names import Topic
from storage.history import History
from storage.settings import HistorySettings

MOST_SKEW_MS = 60_000
"""How far ahead of this machine's clock the page of a subscriber's resume point is believed."""

SWEPT_AT_ONCE = 1000
"""Topics that are looked at before others have a turn: half a millisecond's worth."""


class _Owned:
    """One topic: its history and its watchers."""

    __slots__ = ("history", "used", "watchers")

    def __init__(self, history: History, used: float) -> None:
        self.history = history
        self.used = used
        self.watchers: dict[Watcher, None] = {}


class Node:
    """Owns topics. Nobody creates one: it is there as soon as it is used.

    Attributes:
        taken_bytes: What all topics take in memory, with all items that are kept.
        items: How many were numbered here.
        dropped: How many were dropped because the node had no room for more, before their topics' own bounds were met.
    """

    def __init__(
        self,
        id: str,
        settings: HistorySettings | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        wall_clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.id = id
        self.taken_bytes = 0
        self.items = 0
        self.dropped = 0
        self.settings = settings or HistorySettings()
        self.settings_of: Callable[[Topic], HistorySettings] = lambda _: self.settings
        """The bounds of a topic, none of them wider than those of the node."""
        self._now = now
        self._wall_clock_ms = wall_clock_ms
        self._topics: dict[Topic, _Owned] = {}
        self._holding: OrderedDict[Topic, _Owned] = OrderedDict()
        """Topics that may give way for others, the one published to least recently first."""
        self._last_page = 0
        self._counted: dict[str, list[int]] = {}

    def __repr__(self) -> str:
        return f"<Node {self.id}, {len(self._topics)} topics, {self.taken_bytes} bytes>"

    def __len__(self) -> int:
        return len(self._topics)

    def __contains__(self, topic: Topic) -> bool:
        return topic in self._topics

    def topics(self) -> Sequence[Topic]:
        """Return the topics that are here."""
        return list(self._topics)

    def publish(self, topic: Topic, value: bytes, publisher_id: bytes) -> Receipt:
        """Number and keep a value, and broadcast it once to each router that watches the topic."""
        owned = self._topics.get(topic) or self._born(topic)
        history = owned.history
        owned.used = now = self._now()
        before = history.taken_bytes
        frame = history.append(value, publisher_id, now)
        self.count(topic.account, value_size(value))
        self._told(topic, owned, frame, before)
        return Receipt(history.page, history.last)

    def count(self, account: str, value_bytes: int) -> None:
        """Count one message that was stored for whoever published it."""
        counted = self._counted.get(account)
        if counted is None:
            counted = self._counted[account] = [0, 0]
        counted[0] += 1
        counted[1] += value_bytes

    def take_counted(self) -> Mapping[str, Sequence[int]]:
        """Return messages and their bytes by account that were stored since this was called last."""
        counted, self._counted = self._counted, {}
        return counted

    def extend(self, topic: Topic, frame: bytes) -> None:
        """Keep and broadcast the frame of the item that follows in a topic which is here."""
        owned = self._topics[topic]
        owned.used = now = self._now()
        before = owned.history.taken_bytes
        owned.history.push(frame, now)
        self._told(topic, owned, frame, before)

    def begin(self, topic: Topic) -> None:
        """Begin a topic that is not here on a page of its own."""
        self._born(topic)

    def new_page(self, above: int) -> int:
        """Return a page above another one, and above all of this node."""
        self._last_page = max(self._wall_clock_ms(), self._last_page + 1, above + 1)
        return self._last_page

    def history(self, topic: Topic) -> History | None:
        """Return the history of a topic, if it is here."""
        owned = self._topics.get(topic)
        return owned.history if owned is not None else None

    def _told(self, topic: Topic, owned: _Owned, frame: bytes, before: int) -> None:
        history = owned.history
        self.taken_bytes += history.taken_bytes - before
        self.items += 1
        self._holding[topic] = owned
        self._holding.move_to_end(topic)
        if self.taken_bytes > self.settings.total_bytes:
            self._make_room()
        for sink in owned.watchers:
            sink.item(topic, history.page, history.last, frame)

    def subscribe(self, topic: Topic, sink: Watcher, number: int, page: int) -> Resumed:
        """Broadcast the topic to `sink` from now on, and return what stands before that. See `Link.subscribe`."""
        owned = self._topics.get(topic) or self._born(topic, page)
        owned.used = self._now()
        before = owned.history.taken_bytes
        owned.history.expire(owned.used)
        self.taken_bytes += owned.history.taken_bytes - before
        owned.watchers[sink] = None
        if self.taken_bytes > self.settings.total_bytes:
            self._make_room()
        return owned.history.resume(number, page)

    def unsubscribe(self, topic: Topic, sink: Watcher) -> bool:
        """Stop broadcasting the topic to `sink`; return whether it was."""
        owned = self._topics.get(topic)
        if owned is None or sink not in owned.watchers:
            return False
        owned.used = self._now()
        self._left(topic, owned, sink)
        return True

    def gone(self, sink: Watcher) -> None:
        """Stop broadcasting anything to `sink`: its router has gone."""
        for topic, owned in self._topics.items():
            if sink in owned.watchers:
                self._left(topic, owned, sink)

    def _left(self, topic: Topic, owned: _Owned, sink: Watcher) -> None:
        del owned.watchers[sink]
        if not owned.watchers:
            self._holding.setdefault(topic, owned)  # it may give way again

    def release(self, topic: Topic, map_version: int) -> History:
        """Own a topic no more, which must be here: return its history, and tell its watchers to look elsewhere."""
        watchers = self._topics[topic].watchers
        history = self._forget(topic)
        for sink in watchers:
            sink.moved(topic, map_version)
        return history

    def adopt(self, topic: Topic, history: History, map_version: int) -> None:
        """Own a topic as another node had it, unless it is newer here; then what the other had is lost.

        Whoever watches it is told to look again.
        """
        known = self._topics.get(topic)
        if known is not None:
            if (known.history.page, known.history.last) >= (history.page, history.last):
                return
            self.release(topic, map_version)
        now = self._now()
        history.bound(self.settings_of(topic), now)
        owned = self._topics[topic] = _Owned(history, now)
        self._last_page = max(self._last_page, history.page)
        self.taken_bytes += history.taken_bytes
        self._holding[topic] = owned
        if self.taken_bytes > self.settings.total_bytes:
            self._make_room()

    def bound(self, account_id: str) -> None:
        """Have the topics of an account live by the bounds that they have now."""
        now = self._now()
        for topic, owned in self._topics.items():
            if topic.account == account_id:
                before = owned.history.taken_bytes
                owned.history.bound(self.settings_of(topic), now)
                self.taken_bytes += owned.history.taken_bytes - before

    def drop(self, account_id: str, cache_ids: Collection[str] | None = None) -> None:
        """Forget the topics of an account's caches, or of all of them, with all that is kept.

        Nobody is told: routers end the subscriptions by themselves.
        """
        for topic in list(self._topics):
            if topic.account == account_id and (cache_ids is None or topic.cache in cache_ids):
                self._forget(topic)

    def sweep(self) -> Iterator[None]:
        """Drop what is too old, and forget the topics that nobody uses. To be begun every few seconds.

        It goes on as the iterator is asked: after each of its steps somebody else may have a turn.
        """
        for number, topic in enumerate(list(self._topics), 1):
            if owned := self._topics.get(topic):
                self._expire(topic, owned, self._now())
            if number % SWEPT_AT_ONCE == 0:
                yield

    def _expire(self, topic: Topic, owned: _Owned, now: float) -> None:
        before = owned.history.taken_bytes
        owned.history.expire(now)
        self.taken_bytes += owned.history.taken_bytes - before
        if not owned.history and not owned.watchers and now - owned.used >= self.settings.idle_seconds:
            self._forget(topic)

    def _forget(self, topic: Topic) -> History:
        owned = self._topics.pop(topic)
        self._holding.pop(topic, None)
        self.taken_bytes -= owned.history.taken_bytes
        return owned.history

    def _born(self, topic: Topic, seen_page: int = 0) -> _Owned:
        """Begin a topic on a page above all of this node, and above the one that a subscriber has seen of it."""
        clock = self._wall_clock_ms()
        seen = seen_page if seen_page <= clock + MOST_SKEW_MS else 0
        owned = self._topics[topic] = _Owned(History(self.new_page(seen), self.settings_of(topic)), self._now())
        self._holding[topic] = owned
        self.taken_bytes += owned.history.taken_bytes
        return owned

    def _make_room(self) -> None:
        """Drop items, and topics that have none and that nobody watches; what is durable is not this node's to forget.

        It is called when the topic that is used just now holds an item or has a watcher.
        """
        while self._holding and self.taken_bytes > self.settings.total_bytes:
            topic, owned = next(iter(self._holding.items()))
            history = owned.history
            if len(self._holding) == 1 and len(history) == 1:
                return  # the newest item, where all else is topics that are watched
            if history:
                before = history.taken_bytes
                history.drop_oldest()
                self.dropped += 1
                self.taken_bytes += history.taken_bytes - before
            if not history:
                del self._holding[topic]
                if not owned.watchers and not topic.durable:
                    self._forget(topic)
