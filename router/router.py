"""Tier 1: takes publishes to the storage node that owns their topic, and shares each topic among its subscribers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from api.errors import StreamMoved
from api.link import Link, Receipt
from api.names import Topic
from backplane.interface import Directory, Node, NodeMap, Registry
from backplane.placement import Placement
from router.bearer import Bearer, Bearers
from router.feed import Feed
from router.subscription import Subscription
from router.tenant import Tenants


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """How a router behaves.

    Attributes:
        local: Serve the local account without a token, and honour the test controls of SDK test suites.
        heartbeat_seconds: A stream that was silent this long gets a heartbeat. SDK tests want one within 5 s of a
            service and, of a local one, the fourth before 3 s.
        max_pending_bytes: What a topic keeps for subscribers that read slowly. Whoever falls further behind
            loses the oldest items and is told so by a Discontinuity.
        web_stream_bytes: A browser holds all that it ever received on a stream; after this many bytes it is made to
            open a new one.
        publish_timeout_seconds: How long a publish waits for the topic's owner, at most.
    """

    local: bool = False
    heartbeat_seconds: float = 5.0
    max_pending_bytes: int = 4 * 1024 * 1024
    web_stream_bytes: int = 32 * 1024 * 1024
    publish_timeout_seconds: float = 2.0

    @classmethod
    def for_local(cls) -> "RouterSettings":
        """Return the settings that the SDKs' own test suites expect of a local server."""
        return cls(local=True, heartbeat_seconds=0.95)


class Router:
    """Holds the map of the ecosystem, the subscribers' streams and one link to each storage node."""

    def __init__(
        self,
        directory: Directory,
        registry: Registry,
        connect: Callable[[Node, "Router"], Link],
        settings: RouterSettings,
    ) -> None:
        """`connect` opens the link to a storage node; the router is the sink of what that node broadcasts."""
        self.settings = settings
        self.tenants = Tenants(directory)
        self.bearers = Bearers(directory, self.tenants, local=settings.local)
        self.subscriptions: set[Subscription] = set()
        self._connect = connect
        self._links: dict[str, Link] = {}
        self._feeds: dict[Topic, Feed] = {}
        self._placement = Placement(registry.map())
        self._draining = False
        self._unwatch = registry.watch_map(self._remapped)

    def __repr__(self) -> str:
        state = "draining" if self._draining else "serving"
        return f"<Router {state}, {len(self.subscriptions)} subscriptions, {len(self._feeds)} feeds>"

    async def publish(
        self, bearer: Bearer, cache: str, topic: str, value: bytes, value_bytes: int, timeout: float = float("inf")
    ) -> Receipt:
        """Publish a value.

        Args:
            bearer: Who publishes.
            cache: The cache's name.
            topic: The topic's name.
            value: The serialised `_TopicValue`.
            value_bytes: The size of the text or the bytes in it.
            timeout: Seconds that the client waits.

        Raises:
            TidingsError: see `Bearer.writable`, `Tenant.charge_publish` and `Link.publish`.
        """
        writable = bearer.writable(cache, topic)
        bearer.tenant.charge_publish(value_bytes)
        link = self._link(writable)
        return await link.publish(
            writable, value, bearer.publisher_id, min(timeout, self.settings.publish_timeout_seconds)
        )

    async def subscribe(
        self, bearer: Bearer, cache: str, topic: str, number: int, page: int, is_gone: Callable[[], Awaitable[bool]]
    ) -> Subscription:
        """Open a subscription; the caller closes it with `unsubscribe`.

        Args:
            bearer: Who subscribes.
            cache: The cache's name.
            topic: The topic's name.
            number: The first sequence number wanted; 0 with page 0 for no resume point.
            page: The page that the number belongs to; 0 for the current one.
            is_gone: Asks whether the client has left.

        Raises:
            TidingsError: see `Bearer.readable`, `Tenant.admit` and `Link.subscribe`.
        """
        readable = bearer.readable(cache, topic)
        if self._draining:
            raise StreamMoved
        await bearer.tenant.admit()
        try:
            feed = self._attach(readable)
            try:
                read = partial(self._links[feed.node_id].subscribe, readable)
                subscription = Subscription(
                    bearer,
                    readable,
                    feed,
                    await read(number, page),
                    cache=cache,
                    read=read,
                    heartbeat_seconds=self.settings.heartbeat_seconds,
                    client_is_gone=is_gone,
                )
            except BaseException:
                self._detach(feed)
                raise
        except BaseException:
            bearer.tenant.not_admitted()
            raise
        bearer.tenant.admitted(subscription)
        self.subscriptions.add(subscription)
        subscription.check()
        if self._draining:
            subscription.end(StreamMoved())
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a subscription that `subscribe` opened."""
        subscription.close()
        subscription.bearer.tenant.closed(subscription)
        self.subscriptions.discard(subscription)
        self._detach(subscription.feed)

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Take one item that a storage node broadcast."""
        feed = self._feeds.get(topic)
        if feed is not None:
            feed.append(page, number, frame)

    def trim(self) -> None:
        """Let go of what all subscribers have. To be called every second or so."""
        for feed in self._feeds.values():
            feed.trim()

    def drain(self) -> None:
        """Open no more subscriptions; those that are open are ended by `end_some`."""
        self._draining = True

    def end_some(self, count: int) -> int:
        """End this many subscriptions so that their clients resubscribe elsewhere; return how many are left."""
        ending = [subscription for subscription in self.subscriptions if not subscription.is_ending][:count]
        for subscription in ending:
            subscription.end(StreamMoved())
        return sum(1 for subscription in self.subscriptions if not subscription.is_ending)

    def close(self) -> None:
        """Stop watching the backplane."""
        self._unwatch()
        self.bearers.close()
        self.tenants.close()

    def _link(self, topic: Topic) -> Link:
        node = self._placement.owner(topic)
        link = self._links.get(node.id)
        if link is None:
            link = self._links[node.id] = self._connect(node, self)
        return link

    def _attach(self, topic: Topic) -> Feed:
        feed = self._feeds.get(topic)
        if feed is None:
            self._link(topic)
            node_id = self._placement.owner(topic).id
            feed = self._feeds[topic] = Feed(topic, node_id, self.settings.max_pending_bytes)
        feed.subscribers += 1
        return feed

    def _detach(self, feed: Feed) -> None:
        feed.subscribers -= 1
        if not feed.subscribers and self._feeds.get(feed.topic) is feed:
            del self._feeds[feed.topic]
            self._links[feed.node_id].unsubscribe(feed.topic)

    def _remapped(self, nodes: NodeMap) -> None:
        self._placement = Placement(nodes)
