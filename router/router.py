"""Tier 1: takes publishes to the storage node that owns their topic, and shares each topic among its subscribers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from api.errors import DeadlineExceeded, NotFound, StreamMoved, TidingsError, Unauthenticated, Unavailable
from api.link import Link, Local, Receipt, Sink
from api.names import Topic
from api.system import is_system
from api.tracing import Spans, current
from api.usage import DELIVERY, PUBLISH, operations
from backplane.busiest import TopicUse
from backplane.interface import Directory, Node, Registry
from backplane.key_uses import KeyUseNotes, Used
from backplane.memory import MemoryKeyUses
from backplane.memory_quotas import MemoryQuotas
from router.bearer import Bearer, Bearers, Inspectable, Writable
from router.begun import BegunPublish
from router.busy import BusyTopics
from router.counts import Call, Counts
from router.end_queue import EndQueue
from router.feeds import Feeds
from router.gaps import Gaps
from router.heartbeats import Heartbeats
from router.meters.meters import Meter, Meters
from router.meters.seats import Seats, Unbilled
from router.owners import Owners
from router.sharing import Sharing
from router.subscription import Asked, Shared, Subscription
from router.taps import Taps
from router.tenant import Tenants

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """How a router behaves.

    Attributes:
        local: Serve the local account without a token, and honour the test controls of SDK test suites.
        heartbeat_seconds: A stream that was silent this long gets a heartbeat. It keeps proxies from closing the
            stream, and tells of a client that has left. SDK tests want the fourth of a local service before 3 s.
        max_pending_bytes: What a topic keeps for subscribers that read slowly. Whoever falls further behind
            loses the oldest items and is told so by a Discontinuity.
        max_total_pending_bytes: What all that is kept for them takes in memory. Beyond it the accounts that keep most
            keep less, and of them the topics that do.
        web_stream_bytes: A browser holds all that it ever received on a stream; after this many bytes it is made to
            open a new one.
        publish_timeout_seconds: How long a publish waits for the topic's owner, at most.
    """

    local: bool = False
    heartbeat_seconds: float = 5.0
    max_pending_bytes: int = 4 * 1024 * 1024
    max_total_pending_bytes: int = 1024 * 1024 * 1024
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
        connect: Callable[[Node, Sink, Callable[[], int]], Link],
        settings: RouterSettings,
        sharing: Sharing | None = None,
        seats: Seats | None = None,
        key_uses: KeyUseNotes | None = None,
    ) -> None:
        """Take the backplane.

        Args:
            directory: The accounts and keys.
            registry: The storage nodes.
            connect: Opens the link to a storage node, given the sink of what that node broadcasts, and what returns
                the version of the map that the router goes by.
            settings: How it behaves.
            sharing: How it shares the limits of accounts with other routers; None where there are no others.
            seats: Count what is used; without them it is counted in memory, for nobody.
            key_uses: Where it notes that API keys are used; None where nobody asks.
        """
        self.settings = settings
        self.sharing = sharing or Sharing(MemoryQuotas(), "router")
        self.tenants = Tenants(directory, self.sharing)
        self.seats = seats or Seats(Meters.in_memory())
        self._unbilled = Unbilled(Meters.in_memory())
        self.key_uses = key_uses or KeyUseNotes(MemoryKeyUses())
        self.bearers = Bearers(directory, self.tenants, self.seats.meters, self.key_uses, local=settings.local)
        self.subscriptions: set[Subscription] = set()
        self._unwatch_keys = directory.watch_keys(self._keys_changed)  # after the bearers, who decide by them
        self._connect = connect
        self.owners = Owners(registry, self._linked, self._remapped)
        self.counts = Counts()
        self._busy = BusyTopics()
        self.taps = Taps()
        gaps = Gaps(self.counts, self.taps, self.seats.meters)
        self.feeds = Feeds(self.owners, settings.max_pending_bytes, settings.max_total_pending_bytes, gaps)
        self._shared = Shared(Heartbeats(settings.heartbeat_seconds), EndQueue())
        self._draining = False
        self._following: set[asyncio.Task[None]] = set()
        self.spans: Spans | None = None

    def __repr__(self) -> str:
        state = "draining" if self._draining else "serving"
        return f"<Router {state}, {len(self.subscriptions)} subscriptions, {self.feeds!r}, {self.owners!r}>"

    def trace(self, spans: Spans) -> None:
        """Make spans of what is published and delivered; to be called before the router serves."""
        self.spans = self.feeds.spans = spans

    async def writable(self, bearer: Bearer, cache: str, topic: str, address: str = "") -> Writable:
        """Return the topic that a client at `address` wants to publish to.

        Raises:
            TidingsError: see `Bearer.writable`.
        """
        return await self._decided(bearer, partial(bearer.writable, cache, topic, address))

    async def inspectable(self, bearer: Bearer, cache: str, address: str) -> Inspectable:
        """Return the cache that a client at `address` wants to look at.

        Raises:
            TidingsError: see `Bearer.inspectable`.
        """
        return await self._decided(bearer, partial(bearer.inspectable, cache, address))

    async def publish(
        self, bearer: Bearer, writable: Writable, value: bytes, value_bytes: int, timeout: float = float("inf")
    ) -> Receipt:
        """Publish a value.

        Args:
            bearer: Who publishes.
            writable: To what.
            value: The serialised `_TopicValue`.
            value_bytes: The size of the text or the bytes in it.
            timeout: Seconds that the client waits.

        Raises:
            TidingsError: see `Tenant.charge_publish` and `Owners.publish`.
        """
        meter = self._charged(bearer, writable, value_bytes)
        stored = partial(meter.add, 1, value_bytes, operations(value_bytes))
        most = self.settings.publish_timeout_seconds
        if self.spans is not None and (span := current()):
            facts = {"tidings.account": writable.account, "tidings.cache": writable.cache}
            span.tell({**facts, "tidings.bytes": value_bytes})
        begun = time.monotonic()
        try:
            receipt = await self.owners.publish(writable, value, bearer.publisher_id, min(timeout, most), stored)
        except DeadlineExceeded as reason:
            told = self.in_time(reason, timeout)
            if told is reason:
                raise
            raise told from reason
        self.published(bearer, writable, value, value_bytes, receipt, begun)
        return receipt

    def publish_at(self, node: Local, bearer: Bearer, writable: Writable, value: bytes, value_bytes: int) -> None:
        """Publish a value at the topic's node in this process. See `publish`."""
        meter = self._charged(bearer, writable, value_bytes)
        begun = time.monotonic()
        receipt = node.publish(writable, value, bearer.publisher_id)
        meter.add(1, value_bytes, operations(value_bytes))
        self.published(bearer, writable, value, value_bytes, receipt, begun)

    def begin_publish(
        self,
        link: Link,
        bearer: Bearer,
        writable: Writable,
        value: bytes,
        value_bytes: int,
        timeout: float,
        ended: Callable[[Exception | None], None],
    ) -> bool:
        """Ask the topic's node for a publish, where its link is connected; else do nothing and return False.

        `ended` is called once: with None, or with what `publish` raises. See there for the rest, and for what is raised
        before anything is asked.
        """
        if not link.is_connected:
            return False
        meter = self._charged(bearer, writable, value_bytes)
        begun = BegunPublish(self, bearer, writable, value, value_bytes, meter=meter, timeout=timeout, ended=ended)
        begun.begin(link)
        return True

    def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what has to wait for a topic that is on its way to another node."""
        task = asyncio.create_task(work)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def in_time(self, failure: Exception, timeout: float) -> Exception:
        """Return what a client is told that waits for so many seconds where a node's answer is this failure."""
        if isinstance(failure, DeadlineExceeded) and timeout > self.settings.publish_timeout_seconds:
            return Unavailable(failure.message)  # it would have waited longer
        return failure

    def _charged(self, bearer: Bearer, writable: Writable, value_bytes: int) -> Meter:
        bearer.tenant.charge_publish(writable.cache, value_bytes)
        meter = bearer.meter(PUBLISH, writable.cache)
        meter.ready()
        return meter

    def published(
        self, bearer: Bearer, writable: Writable, value: bytes, value_bytes: int, receipt: Receipt, begun: float
    ) -> None:
        """Note what was published here, and how long it took since `begun`, by the monotonic clock."""
        self.counts.published += 1
        self.counts.publish.add(time.monotonic() - begun)
        self._busy.now.add(writable, value_bytes)
        if self.taps.by_cache:
            self.taps.published(writable, receipt, value, value_bytes, bearer.publisher_id)

    async def subscribe(
        self,
        bearer: Bearer,
        cache: str,
        topic: str,
        number: int,
        page: int,
        is_gone: Callable[[], Awaitable[bool]],
        address: str = "",
        *,
        direct: bool = False,
    ) -> Subscription:
        """Open a subscription; the caller closes it with `unsubscribe`.

        Args:
            bearer: Who subscribes.
            cache: The cache's name.
            topic: The topic's name.
            number: The first sequence number wanted; 0 with page 0 for no resume point.
            page: The page that the number belongs to; 0 for the current one.
            is_gone: Asks whether the client has left.
            address: Where the client is; empty where that is not known.
            direct: No proxy of this machine passes on what is written to the client.

        Raises:
            TidingsError: see `Bearer.readable`, `Tenant.admit` and `Feeds.read`.
        """
        begun = time.monotonic()
        readable = await self._decided(bearer, partial(bearer.readable, cache, topic, address))
        if self._draining:
            raise StreamMoved
        admission = await bearer.tenant.admit(readable.cache)
        with ExitStack() as undo:
            undo.callback(bearer.tenant.not_admitted, admission)
            seats = self._seats_of(readable)
            seats.taken(readable, bearer.principal)
            undo.callback(seats.left, readable, bearer.principal)
            flight = seats.board(bearer.meter(DELIVERY, readable.cache))
            undo.callback(seats.flights.leave, flight)
            feed = self.feeds.attach(readable, direct=direct)
            undo.callback(self.feeds.detach, feed, direct=direct)
            read = partial(self.feeds.read, feed)
            subscription = Subscription(
                bearer,
                readable,
                feed,
                await read(number, page),
                asked=Asked(cache, is_gone, address, page, direct),
                read=read,
                flight=flight,
                shared=self._shared,
            )
            undo.pop_all()
        bearer.tenant.admitted(subscription, admission)
        self.subscriptions.add(subscription)
        self.counts.subscribe.add(time.monotonic() - begun)
        self._opened(subscription)
        return subscription

    def streams_of_keys(self) -> Iterator[Used]:
        """Return of the subscriptions that were opened with API keys who uses which from where."""
        # Many streams are one bearer's: to tell of each took a sixth of what 10,000 silent streams took in Python.
        for bearer, address in {(subscription.bearer, subscription.address) for subscription in self.subscriptions}:
            if bearer.is_key:
                yield bearer.used(address)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a subscription that `subscribe` opened."""
        subscription.close()
        seats = self._seats_of(subscription.readable)
        seats.left(subscription.readable, subscription.bearer.principal)
        seats.flights.leave(subscription.flight)
        subscription.bearer.tenant.closed(subscription)
        self.subscriptions.discard(subscription)
        self.feeds.detach(subscription.feed, direct=subscription.is_direct)
        if self.taps.by_cache:
            self.taps.ended(subscription.readable, subscription.feed.subscribers, subscription.ending)

    def refused(self, bearer: Bearer, call: Call, cache: str, topic: str, reason: TidingsError) -> None:
        """Note, for the account of `bearer` to see, that a call was refused; by the names that it came with."""
        if isinstance(reason, StreamMoved):
            return  # the client finds what it wants elsewhere
        cache_id = bearer.refused(cache, reason)
        if self.taps.by_cache:
            self.taps.refused((bearer.tenant.account_id, cache_id), topic, call, reason)

    def audience(self, topic: Topic) -> int:
        """Return how many subscribers of a topic there are here."""
        return self.feeds.subscribers(topic)

    def busiest(self, account: str, cache: str, most: int) -> Sequence[TopicUse]:
        """Return the topics of a cache that were published to most here, the busiest first."""
        return self._busy.busiest(account, cache, most)

    def audiences(self, account: str, cache: str, names: Sequence[str]) -> Sequence[int]:
        """Return how many subscribers each of these topics of a cache has here."""
        return [self.audience(Topic(account, cache, name)) for name in names]

    def trim(self) -> None:
        """Let go of what all subscribers have, and of old counts. To be called every second or so."""
        self.feeds.trim()
        self._busy.turn()

    @property
    def is_draining(self) -> bool:
        """Whether it opens no more subscriptions."""
        return self._draining

    def drain(self) -> None:
        """Open no more subscriptions; those that are open are ended by `end_some`."""
        self._draining = True
        self.taps.wake()

    def end_some(self, count: int) -> int:
        """End this many subscriptions so that their clients resubscribe elsewhere; return how many are left."""
        ending = [subscription for subscription in self.subscriptions if not subscription.is_ending][:count]
        for subscription in ending:
            subscription.end(StreamMoved())
        return sum(1 for subscription in self.subscriptions if not subscription.is_ending)

    def close(self) -> None:
        """Stop watching the backplane, and leave the storage nodes."""
        for task in self._following:
            task.cancel()
        self.owners.close()
        self.feeds.close()
        self._unwatch_keys()
        self.bearers.close()
        self.tenants.close()

    def _opened(self, subscription: Subscription) -> None:
        """Note a subscription that is open, and end it if what it was allowed by has changed meanwhile."""
        self.counts.opened += 1
        if self.taps.by_cache:
            self.taps.opened(subscription.readable, subscription.feed.subscribers)
        subscription.check()
        self._check_key(subscription)
        if self._draining:
            subscription.end(StreamMoved())

    async def _decided(self, bearer: Bearer, decide: Callable[[], T]) -> T:
        """Return what `decide` says; where it does not know a cache, once more by the newest of the account."""
        try:
            return decide()
        except NotFound:
            renewed = self._renew(bearer)
        await renewed  # out here: a compiled coroutine that awaits within `except` leaves the exception to other tasks
        return decide()

    def _seats_of(self, topic: Topic) -> Seats:
        """Return what counts subscriptions to a topic; nobody is billed for what the service tells of itself."""
        return self._unbilled if is_system(topic.name) else self.seats

    async def _renew(self, bearer: Bearer) -> None:
        """Ask for the newest of an account: a cache that is not known may have been made a moment ago."""
        await self.tenants.renew(bearer.tenant)
        bearer.follow()

    def _keys_changed(self, _: Mapping[str, bytes]) -> None:
        for subscription in list(self.subscriptions):
            self._check_key(subscription)

    def _check_key(self, subscription: Subscription) -> None:
        if not self.bearers.trusts(subscription.bearer):
            subscription.end(Unauthenticated("the token was signed with a key that was retired"))

    def _linked(self, node: Node) -> Link:
        return self._connect(node, self.feeds, lambda: self.owners.map_version)

    def _remapped(self) -> None:
        self.feeds.remapped()
