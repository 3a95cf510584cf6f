"""The topics that this router's subscribers read: one feed for each, wherever its owner is."""

import asyncio
from collections.abc import Sequence

from api.errors import Unavailable
from api.link import Moved, Resumed, Watching
from api.names import Topic
from api.system import is_system
from api.tracing import Spans, current
from router.feed import Feed
from router.gaps import Gaps
from router.log import FRAME_BYTES
from router.owners import Owners
from router.system import SystemLink

READ_SECONDS = 4.0
"""How long a new subscriber waits for the topic's owner: SDKs wait five seconds for the first message."""

SPARE = 8
"""One part in so many of what all feeds may keep is made free at a time, since each time all are looked at."""

SLICE = 500
"""So many feeds move before others have their turn: about 3 ms."""


class Feeds:
    """All feeds of a router. It is the sink of what storage nodes broadcast, and moves feeds after the map."""

    def __init__(self, owners: Owners, max_bytes: int, max_total_bytes: int, gaps: Gaps) -> None:
        """Keep so much for slow readers of one topic, and let that of all topics take so much memory."""
        self._owners = owners
        self._max_bytes = max_bytes
        self._max_total_bytes = max_total_bytes
        self._most_bytes = 0  # that all feeds may take by now: what they let go of is reckoned when they are looked at
        self._is_making_room = False
        self.gaps = gaps
        self._feeds: dict[Topic, Feed] = {}
        self._watched: dict[Topic, Watching] = {}
        self._lost: dict[Topic, int] = {}
        self.system = SystemLink(self)
        self._moving: asyncio.Task[None] | None = None
        self._recovering: asyncio.Task[None] | None = None
        self.spans: Spans | None = None
        """Makes spans of deliveries, where traces are on."""

    def __repr__(self) -> str:
        state = "moving" if self._moving is not None and not self._moving.done() else "in place"
        return f"<Feeds {len(self._feeds)} {state}, {len(self._lost)} lost>"

    def __len__(self) -> int:
        return len(self._feeds)

    @property
    def held_bytes(self) -> int:
        """Bytes of items that wait for subscribers."""
        return sum(feed.log.held_bytes for feed in self._feeds.values())

    def attach(self, topic: Topic, *, direct: bool = False) -> Feed:
        """Return the topic's feed for one more subscriber, until `detach`; `direct` is `Asked.is_direct`.

        Raises:
            Unavailable: there is no storage node.
        """
        feed = self._feeds.get(topic)
        if feed is None:
            node_id, link = self._owner(topic)
            feed = Feed(topic, node_id, self._max_bytes, self.gaps, self._owners)
            self._watched[topic] = link
            self._feeds[topic] = feed
        feed.subscribers += 1
        feed.direct_subscribers += direct
        return feed

    def subscribers(self, topic: Topic) -> int:
        """Return how many subscribers of a topic there are here, durable or not."""
        feeds = [self._feeds.get(topic._replace(durable=durable)) for durable in (False, True)]
        return sum(feed.subscribers for feed in feeds if feed is not None)

    def detach(self, feed: Feed, *, direct: bool = False) -> None:
        """Count one subscriber less; without any, the feed goes."""
        feed.subscribers -= 1
        feed.direct_subscribers -= direct
        if not feed.subscribers and self._feeds.get(feed.topic) is feed:
            del self._feeds[feed.topic]
            link = self._watched.pop(feed.topic, None)
            if link is not None:
                link.unsubscribe(feed.topic)

    async def read(self, feed: Feed, number: int, page: int) -> Resumed:
        """Ask the topic's owner, whoever it is by now. See `Watching.subscribe`.

        Raises:
            Unavailable: no owner answered in time.
        """
        patience = asyncio.timeout(READ_SECONDS)
        try:
            async with patience:
                while True:
                    link = self._watched.get(feed.topic)
                    try:
                        resumed = await self._asked(link, feed.topic, number, page)
                    except Moved as moved:
                        following = self._owners.follow(moved)
                    else:
                        if self._watched.get(feed.topic) is link:
                            return resumed
                        continue
                    await following
                    self._place(feed)
        except TimeoutError:
            if not patience.expired():
                raise
            raise Unavailable("the topic's storage node did not answer in time") from None

    async def _asked(self, link: Watching | None, topic: Topic, number: int, page: int) -> Resumed:
        """Ask a link, which does not go on to watch the topic where another one does by then, or none."""
        if link is None:
            raise Moved
        try:
            return await link.subscribe(topic, number, page)
        finally:
            if self._watched.get(topic) is not link:
                link.unsubscribe(topic)

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Take one item that a storage node broadcast."""
        feed = self._feeds.get(topic)
        if feed is not None:
            feed.append(page, number, frame)
            self._most_bytes += len(frame) + FRAME_BYTES
            if self._most_bytes > self._max_total_bytes and not self._is_making_room:
                self._is_making_room = True
                asyncio.get_running_loop().call_soon(self._make_room)
            if self.spans is not None and (above := current()):
                feed.traced(self.spans, above)

    def stands(self, topic: Topic, page: int, last: int) -> None:
        """Take note of how a topic stands that was taken up again; subscribers are told of a new page at once."""
        feed = self._feeds.get(topic)
        if feed is not None:
            feed.align(page, last)

    def moved(self, topic: Topic, map_version: int) -> None:
        """Find the owner of a topic whose node refuses it."""
        self._watched.pop(topic, None)
        self._lost[topic] = map_version
        if self._recovering is None or self._recovering.done():
            self._recovering = asyncio.create_task(self._recover())

    def remapped(self) -> None:
        """Move the feeds whose owners have changed."""
        if self._moving is not None:
            self._moving.cancel()
        self._moving = asyncio.create_task(self._move())

    def trim(self) -> None:
        """Let go of what all subscribers have."""
        taken = 0
        for feed in self._feeds.values():
            feed.trim()
            taken += feed.log.taken_bytes
        self._most_bytes = taken

    def _make_room(self) -> None:
        """Have the accounts that keep most give way, where all keep too much together, and of them their topics."""
        self._is_making_room = False
        self.trim()
        if self._most_bytes <= self._max_total_bytes:
            return
        room = self._max_total_bytes - self._max_total_bytes // SPARE
        of_account: dict[str, list[Feed]] = {}
        for feed in self._feeds.values():
            of_account.setdefault(feed.topic.account, []).append(feed)
        taken = {account: [feed.log.taken_bytes for feed in feeds] for account, feeds in of_account.items()}
        of_each = fair_share(room, [sum(each) for each in taken.values()])
        for account, feeds in of_account.items():
            fair = fair_share(of_each, taken[account])
            for feed in feeds:
                feed.log.bound(max(fair, feed.fresh_bytes))
        self._most_bytes = sum(feed.log.taken_bytes for feed in self._feeds.values())

    def close(self) -> None:
        """Move nothing any more."""
        for task in (self._moving, self._recovering):
            if task is not None:
                task.cancel()

    async def _move(self) -> None:
        feeds = list(self._feeds.values())
        for start in range(0, len(feeds), SLICE):
            for feed in feeds[start : start + SLICE]:
                self._place(feed)
            await asyncio.sleep(0)

    async def _recover(self) -> None:
        while self._lost:
            await self._owners.follow(Moved(max(self._lost.values())))
            lost, self._lost = self._lost, {}
            for topic in lost:
                feed = self._feeds.get(topic)
                if feed is not None:
                    self._place(feed)

    def _owner(self, topic: Topic) -> tuple[str, Watching]:
        """Return who has a topic: a storage node, or nobody but this router."""
        if is_system(topic.name):
            return "", self.system
        return self._owners.node_id(topic), self._owners.link(topic)

    def _place(self, feed: Feed) -> None:
        """Watch the feed's topic at its owner, from where the feed stands. Without any node it stays as it is."""
        if self._feeds.get(feed.topic) is not feed:
            return
        try:
            node_id, link = self._owner(feed.topic)
        except Unavailable:
            return
        before = self._watched.get(feed.topic)
        if link is before:
            return
        if before is not None:
            before.unsubscribe(feed.topic)
        feed.move(node_id)
        self._watched[feed.topic] = link
        link.watch(feed.topic, feed.log.page, feed.log.last)


def fair_share(total: int, wanted: Sequence[int]) -> int:
    """Return how much each may have at most so that all that is wanted, cut to that, is no more than `total`."""
    left = total
    for number, least in enumerate(sorted(wanted)):
        share = left // (len(wanted) - number)
        if least > share:
            return share
        left -= least
    return total
