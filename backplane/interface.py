"""What the tiers know of each other, and how a change in one reaches the rest.

One process has it in memory, a fleet in Redis. The same test suite runs on both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from api.account import AccountSnapshot

Unwatch = Callable[[], None]
"""Ends the watch that returned it. Calling it again does nothing."""


class Directory(Protocol):
    """Accounts and signing keys: written by the account service, read by routers."""

    async def put_account(self, snapshot: AccountSnapshot) -> None:
        """Make `snapshot` what every router knows, unless they know a version that is as new.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def remove_account(self, account_id: str) -> None:
        """Forget an account for good: its tokens are refused from now on, and no late snapshot brings it back.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def account(self, account_id: str) -> AccountSnapshot | None:
        """Return the newest snapshot of an account, or None where there is no such account.

        An account that was asked for once is known from then on, also while the store cannot be reached.

        Raises:
            Unavailable: it was never asked for, and the store cannot be reached or has lost what it knew.
        """
        ...

    async def renew(self, account_id: str) -> None:
        """Learn at once what changed in an account of which a change may be on its way here.

        A store that cannot be reached changes nothing.
        """
        ...

    async def versions(self) -> Mapping[str, int]:
        """Return the version of every account that routers can ask for.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    def watch_accounts(self, changed: Callable[[str, AccountSnapshot | None], None]) -> Unwatch:
        """Call `changed(account id, snapshot)` after each change, with None for an account that was removed.

        Accounts that nobody here has asked for may be left out.
        """
        ...

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        """Replace the public signing keys (raw Ed25519, by key id) that tokens are checked with.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    def keys(self) -> Mapping[str, bytes]:
        """Return the public signing keys."""
        ...

    def watch_keys(self, changed: Callable[[Mapping[str, bytes]], None]) -> Unwatch:
        """Call `changed(keys)` after each change of the signing keys."""
        ...

    async def is_filled(self) -> bool:
        """Whether everything was written since the store began, or lost what it had.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def mark_filled(self) -> None:
        """Take note that every account and key has been written: what is missing now does not exist.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """A storage node as the map shows it.

    Attributes:
        address: `host:port` that it is reached by; empty for a node in this process.
        weight: Its share of the topics, relative to the other nodes.
        state: `draining` nodes own nothing and hand over what they have.
        boot: Tells two processes that call themselves by the same id apart.
        frames: Whether it takes links as frames, `api/frames.py`; nodes of 0.1 do not.
    """

    id: str
    address: str = ""
    weight: float = 1.0
    state: Literal["live", "draining"] = "live"
    boot: str = ""
    frames: bool = False


@dataclass(frozen=True, slots=True)
class NodeMap:
    """All storage nodes at one moment; `version` grows with each change."""

    version: int = 0
    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])


Tier = Literal["router", "storage", "accounts"]


@dataclass(frozen=True, slots=True)
class Process:
    """A process of any tier, as it announces itself; for people and `tidings doctor`, not for the data path.

    Attributes:
        address: Where it serves.
        version: Of the software.
        started_at: Epoch seconds by its own clock.
        clock: Epoch seconds by its own clock when it said so.
        said_at: Epoch seconds by the store's clock at that moment; 0 until it was announced.
    """

    id: str
    tier: Tier
    address: str
    version: str
    started_at: float
    clock: float
    said_at: float = 0.0


class NodeIdTaken(Exception):
    """Another process, at another address, holds a lease for this node id."""


class Registry(Protocol):
    """Which storage nodes are alive. A node is in the map while it renews its lease.

    Attributes:
        lease_seconds: How long a node stays in the map after a beat.
    """

    @property
    def lease_seconds(self) -> float: ...

    def epoch_ms(self) -> int:
        """Return the time, in milliseconds of the epoch, by the one clock that all tiers share.

        Until the store was asked it is this machine's.
        """
        ...

    async def beat(self, node: Node) -> None:
        """Enter `node` or renew its lease; a changed address, weight or state is a new version of the map.

        Raises:
            NodeIdTaken: another process with this id is alive, at another address.
            Unavailable: the store cannot be reached; the lease may or may not have been renewed.
        """
        ...

    async def leave(self, node_id: str) -> None:
        """Take a node out of the map at once. Nothing happens when it is not there.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    def map(self) -> NodeMap:
        """Return the newest map that is known here."""
        ...

    async def refresh(self) -> NodeMap:
        """Ask for the newest map, tell the watchers if it is news, and return it.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    def watch_map(self, changed: Callable[[NodeMap], None]) -> Unwatch:
        """Call `changed(map)` after each new version."""
        ...

    async def announce(self, process: Process) -> None:
        """Tell that a process is there; it is listed for a few seconds.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def processes(self) -> Sequence[Process]:
        """Return all processes that announced themselves of late, ordered by tier and id.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What an account, or a cache with limits of its own, may use in the whole fleet; see `api.account.Limits`."""

    publishes_per_second: int
    publish_bytes_per_second: int
    subscriptions: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What one router tells of an account or a cache.

    Attributes:
        ceiling: The limits that this router goes by.
        publishes: What is asked for each second, refused ones included.
        publish_bytes: The same in bytes.
        accepted: Publishes accepted since this router told of it last.
        accepted_bytes: The same in bytes.
        subscriptions: Open on this router, those that are being opened included.
        slots: How many subscriptions it wants to have room for.
    """

    ceiling: Ceiling
    publishes: float = 0.0
    publish_bytes: float = 0.0
    accepted: int = 0
    accepted_bytes: int = 0
    subscriptions: int = 0
    slots: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a router hears of an account or a cache in return.

    Attributes:
        publishes: What is asked of all other routers together each second.
        publish_bytes: The same in bytes.
        subscriptions: Open on all other routers.
        slots: How many subscriptions this router has room for: what it wanted, or what others have left of the limit.
            Those that are open count, also where they are more.
        publish_level: Publishes that the fleet may accept at once; negative where it has accepted too many, by one
            second's worth at most.
        byte_level: The same in bytes.
    """

    publishes: float
    publish_bytes: float
    subscriptions: int
    slots: int
    publish_level: float
    byte_level: float


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a router hears: how many `routers` there are, itself included, and how each id stands that it told of."""

    routers: int
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Use:
    """What all routers together accept each second, and the subscriptions that are open."""

    publishes: float = 0.0
    publish_bytes: float = 0.0
    subscriptions: int = 0


class Quotas(Protocol):
    """How routers share the limits of an account or a cache: each says what is asked of it, and hears of the others.

    The store counts what they accept against a bucket for the whole fleet, which fills at the limit's rate, and gives
    out subscriptions so that all routers together have no more than the limit.
    """

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Exchanged:
        """Tell this router's demand for each id of an account or a cache, and hear how each stands.

        What a router told fades after three seconds, and with it the room that it had for subscriptions.

        Raises:
            Unavailable: the store cannot be reached; it may have been told.
        """
        ...

    async def uses(self, ids: Sequence[str] | None = None) -> Mapping[str, Use]:
        """Return how much of each id is used now; of all that any router told of, where none are named.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...


class DurableTopics(Protocol):
    """What storage nodes keep of durable topics beyond their own lives."""

    async def remove(self, account_id: str, cache_id: str, *, for_good: bool) -> int:
        """Remove all topics of a cache, and return how many there were.

        A storage node that has not heard of the end of the cache may write one anew. So they are removed again a while
        later, and then `for_good`: what was there is forgotten.

        Raises:
            Unavailable: the store cannot be reached; some may have been removed.
        """
        ...


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """What a router counted in one window. The id is the same however often it is sent.

    Attributes:
        seal: Proves that the payload is of a router; empty where the fleet has no key for that.
    """

    id: str
    payload: bytes
    seal: bytes = b""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch as a consumer gets it; `token` acknowledges it."""

    token: str
    batch: UsageBatch


class Usage(Protocol):
    """Carries usage from routers to the account service, each batch at least once."""

    async def append(self, batches: Sequence[UsageBatch]) -> None:
        """Add batches.

        Raises:
            Unavailable: the store cannot be reached; some or all may have been added.
        """
        ...

    async def read(self, consumer: str, count: int, wait_seconds: float) -> Sequence[Delivered]:
        """Return up to `count` batches that no consumer has, or that another one has held for too long.

        Waits up to `wait_seconds` for the first. What is not acknowledged comes again, to this consumer or another.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def acknowledge(self, tokens: Sequence[str]) -> None:
        """Forget batches that were applied.

        Raises:
            Unavailable: the store cannot be reached; they may come again.
        """
        ...

    async def mark(self, applied: Mapping[str, int]) -> None:
        """Tell routers how far each boot's batches are applied without a gap; a lower number than before says nothing.

        What is marked is forgotten some days later.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def applied(self, boots: Sequence[str]) -> Mapping[str, int]:
        """Return how far the batches of these boots are applied; those of which nothing is known are left out.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def epoch(self) -> str:
        """Return a word that changes when the store has lost what it held.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When an API key was used last, and from which network address.

    Attributes:
        at: Epoch seconds.
    """

    account_id: str
    key_id: str
    at: int
    address: str


class KeyUses(Protocol):
    """Carries the last use of API keys from routers to the account service. It is for people: some may be lost."""

    async def report(self, uses: Sequence[KeyUse]) -> None:
        """Tell of uses. Of one key the newest stays; where too many keys wait already, others are dropped.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...

    async def take(self, most: int) -> Sequence[KeyUse]:
        """Return up to `most` uses, and forget them.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...
