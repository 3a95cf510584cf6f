"""What a router must know of an account to serve its requests without asking anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, get_args

from api.permissions import Grant
from api.revocations import Revocations
from api.tokens import Claims

LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024 - 1024
"""Several SDKs refuse to receive more than 4 MiB in one gRPC message; 1 KiB is left for what surrounds a value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may use at most; the defaults are those of a self-hosted installation.

    Attributes:
        publishes_per_second: Accepted publishes, by the whole fleet; how many may come at once is `api.burst.burst`.
        publish_bytes_per_second: Bytes of published values, likewise.
        subscriptions: Subscriptions open at the same time.
        message_bytes: The size of one value.
        caches: Caches that exist at the same time.
        api_keys: API keys that are neither revoked nor expired.
    """

    publishes_per_second: int = 100_000
    publish_bytes_per_second: int = 256 * 1024 * 1024
    subscriptions: int = 50_000
    message_bytes: int = LARGEST_MESSAGE_BYTES
    caches: int = 1_000
    api_keys: int = 1_000


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """What one cache may use of what its account may, as in `Limits`; None where it has no limit of its own."""

    publishes_per_second: int | None = None
    publish_bytes_per_second: int | None = None
    subscriptions: int | None = None
    message_bytes: int | None = None

    def within(self, account: Limits) -> Limits:
        """Return the limits in force for the cache: the account's, or its own where they are lower."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        lower = {name: min(value, getattr(account, name)) for name, value in own.items() if value is not None}
        return replace(account, **lower)


NO_CACHE_LIMITS = CacheLimits()


@dataclass(frozen=True, slots=True)
class History:
    """What is kept of each topic of a cache for subscribers that resume; None for what a storage node keeps at most.

    Attributes:
        items: How many of the newest items.
        bytes: Bytes of these items, as framed.
        seconds: Their age.
    """

    items: int | None = None
    bytes: int | None = None
    seconds: int | None = None


MOST_HISTORY = History(items=10_000, bytes=16 * 1024 * 1024, seconds=600)
"""What storage nodes keep of each topic where nobody says otherwise."""


SlowReaderPolicy = Literal["drop_oldest", "keep_latest", "disconnect"]
"""What becomes of a stream that has fallen further behind than a router keeps for its topic.

`drop_oldest`: it is told, and goes on with the oldest item that is left. `keep_latest`: it is told, and goes on with
the newest item. `disconnect`: it ends.
"""

SLOW_READER_POLICIES: tuple[SlowReaderPolicy, ...] = get_args(SlowReaderPolicy)
DROP_OLDEST: SlowReaderPolicy = "drop_oldest"


@dataclass(frozen=True, slots=True)
class Cache:
    """A namespace for topics. The id is never given twice, the name is free again after deletion.

    Attributes:
        durable: The items of its topics outlive their storage node.
    """

    id: str
    name: str
    durable: bool = False
    limits: CacheLimits = NO_CACHE_LIMITS
    history: History = field(default_factory=History)
    slow_reader_policy: SlowReaderPolicy = DROP_OLDEST


CapMode = Literal["throttle", "stop_publishing", "stop"]


@dataclass(frozen=True, slots=True)
class Cap:
    """A spend cap that is reached, and holds until the month ends or somebody raises it.

    Attributes:
        name: What the account calls it.
        mode: `throttle` lets `publishes_per_second` through, `stop_publishing` refuses publishes, and `stop`
            subscriptions as well.
        cache: Id of the cache that it is for; None for all.
        principal: By whom, as in `api.usage.Line`; None for all.
        until: Epoch second at which its month ends; None where that is not known.
    """

    id: str
    name: str
    mode: CapMode
    cache: str | None = None
    principal: str | None = None
    publishes_per_second: int = 1
    until: int | None = None


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """One account at one moment.

    Attributes:
        version: Grows with each change; of two snapshots the one with the higher version is true.
        caches: By name.
        roles: By role id.
        revoked: Ids of keys that were revoked before they expired, and of what else tokens were made from that ended.
        ends: Ids of keys that were replaced, with the epoch second in which they end, earlier than they say.
        revocations: Of disposable tokens.
        caps: Spend caps that are reached.
        has_caps: Whether there are spend caps, reached or not: what is used is to be known soon.
    """

    id: str
    version: int
    limits: Limits = field(default_factory=Limits)
    suspended: bool = False
    caches: Mapping[str, Cache] = field(default_factory=dict[str, Cache])
    roles: Mapping[str, Grant] = field(default_factory=dict[str, Grant])
    revoked: frozenset[str] = frozenset()
    ends: Mapping[str, int] = field(default_factory=dict[str, int])
    revocations: Revocations = field(default_factory=Revocations)
    caps: tuple[Cap, ...] = ()
    has_caps: bool = False

    def has_revoked(self, claims: Claims) -> bool:
        """Whether a token was revoked, or a key that it was made from."""
        if claims.id in self.revoked or not self.revoked.isdisjoint(claims.ancestors):
            return True
        return claims.kind == "disposable" and claims.issued_at < self.revocations.until(claims.publisher_id)
