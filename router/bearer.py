"""Who is calling, and what they may do: checks that return types.

A token is verified once and remembered. What it may do is looked up again whenever its account changes.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NewType

from api.account import Cache
from api.errors import NotFound, PermissionDenied, TidingsError, Unauthenticated
from api.names import Topic, checked_cache_name
from api.permissions import NOBODY
from api.rules import Action
from api.standing import Ruling, ruling, standing
from api.tokens import Claims, Verifier, unpack_credential
from api.usage import BY_KEY, BY_TOKEN, REFUSED
from backplane.interface import Directory
from backplane.key_uses import NOTE_SECONDS, KeyUseNotes, Used
from router.meters.meters import Meter, Meters
from router.tenant import Tenant, Tenants

Readable = NewType("Readable", Topic)
"""A topic that its bearer may subscribe to. Made by `Bearer.readable` and by nothing else."""

Writable = NewType("Writable", Topic)
"""A topic that its bearer may publish to. Made by `Bearer.writable` and by nothing else."""

Inspectable = NewType("Inspectable", tuple[str, str])
"""A cache, by the ids of account and cache, all of whose topics its bearer may read. Made by `Bearer.inspectable`."""

LOCAL_ACCOUNT = "local"
REMEMBERED_TOKENS = 20_000
REMEMBERED_CHARACTERS = 67_108_864
"""Of those tokens, in the packing in which they come: one and the same can be packed in ways without number."""

REMEMBERED_TOPICS = 10_000
REMEMBERED_DECISIONS = 200_000
"""Of all tokens together, each about a token and a topic; then all are forgotten, and made anew in microseconds."""

_NOT_LOOKED_AT = object()
"""Differs from every snapshot, and from the None that stands for an account that is not there."""


class Bearer:
    """The holder of one verified token.

    Attributes:
        publisher_id: What items published with the token carry.
        expires_at: Epoch seconds; infinity for never.
        kid: Of the key that signed the token; empty where there is none.
        noted_until: The epoch second before which another use need not be noted.
    """

    def __init__(self, tenant: Tenant, claims: Claims, meters: Meters, decided: Callable[[], None]) -> None:
        """Call `decided` with each topic that is remembered."""
        self.tenant = tenant
        self.publisher_id = claims.publisher_id.encode()
        self.expires_at = float("inf")
        self.is_key = claims.kind in {"key", "api_token"}
        self.kid = claims.kid
        self.noted_until = 0.0 if self.is_key else float("inf")
        self._claims = claims
        self._snapshot: object = _NOT_LOOKED_AT
        self._grant = NOBODY
        self._caches: Mapping[str, Cache] = {}
        self._writable: dict[tuple[str, str], Writable] = {}
        self.principal = _principal(claims)
        self._meters = meters
        self._decided = decided
        self._used: dict[tuple[str, str], Meter] = {}

    def __repr__(self) -> str:
        return f"<Bearer of {self._claims.kind} {self._claims.id} in {self.tenant.account_id}>"

    def used(self, address: str) -> Used:
        """Return what is noted of a use of the key from this address."""
        return self.tenant.account_id, self._claims.id, address

    def check(self, now: float) -> None:
        """Check that the token still holds at `now`, in epoch seconds.

        Raises:
            Unauthenticated: it has expired, was revoked, or its account is gone.
            PermissionDenied: its account is suspended.
        """
        if self.tenant.snapshot is not self._snapshot:
            self._look_again()
        if now >= self.expires_at:
            raise Unauthenticated("the token has expired")

    def follow(self) -> None:
        """Go by how the account stands now. See `check` for what it raises."""
        self._look_again()

    def readable(self, cache_name: str, topic_name: str, address: str = "") -> Readable:
        """Return the topic of this name, to which a client at `address` wants to subscribe.

        Raises:
            InvalidArgument: a name cannot be one.
            PermissionDenied: the token may not subscribe to it.
            NotFound: there is no such cache.
            SpendCapReached: a spend cap has stopped it.
        """
        topic = self._ruling("subscribe", cache_name, topic_name, address).topic
        self.tenant.caps.check("subscribe", topic.cache, self.principal)
        return Readable(topic)

    def writable(self, cache_name: str, topic_name: str, address: str = "") -> Writable:
        """Return the topic of this name, to which a client at `address` wants to publish.

        Raises:
            InvalidArgument: a name cannot be one.
            PermissionDenied: the token may not publish to it.
            NotFound: there is no such cache.
            SpendCapReached, PublishRateExceeded: a spend cap has stopped it, or lets no more through in this second.
        """
        known = self._writable.get((cache_name, topic_name))
        if known is not None:
            return known
        decided = self._ruling("publish", cache_name, topic_name, address)
        writable = Writable(decided.topic)
        caps, cache = self.tenant.caps, decided.topic.cache
        caps.check("publish", cache, self.principal)
        if caps.throttles(cache, self.principal):
            return writable
        if decided.rule.networks:  # somebody elsewhere may come with the same token
            return writable
        if len(self._writable) >= REMEMBERED_TOPICS:
            self._writable.clear()
        self._decided()
        self._writable[cache_name, topic_name] = writable
        return writable

    def forget_topics(self) -> None:
        """Decide anew to which topics it may publish."""
        self._writable.clear()

    def inspectable(self, cache_name: str, address: str = "") -> Inspectable:
        """Return the cache of this name, at which a client at `address` wants to look.

        Raises:
            InvalidArgument: the name cannot be one.
            PermissionDenied: there are topics of it that the token may not read.
            NotFound: there is no such cache.
        """
        name = checked_cache_name(cache_name)
        if not self._grant.reads_all(name, address):
            raise PermissionDenied(f"to inspect cache '{name}', a token must be allowed to read all its topics")
        cache = self._caches.get(name)
        if cache is None:
            raise NotFound(f"cache '{name}' does not exist")
        return Inspectable((self.tenant.account_id, cache.id))

    def meter(self, meter: str, cache: str) -> Meter:
        """Return what counts this bearer's use of a cache, by its id; empty where none is concerned."""
        known = self._used.get((meter, cache))
        if known is None:
            account_id = self.tenant.account_id
            known = self._used[meter, cache] = self._meters.meter(account_id, cache, meter, self.principal)
        return known

    def refused(self, cache_name: str, reason: TidingsError) -> str:
        """Count a request that was refused; it costs nothing, and its account is shown why.

        Returns the id of the cache; empty where it is not known.
        """
        cache = self._caches.get(cache_name.strip())
        cache_id = "" if cache is None else cache.id
        self.meter(REFUSED + reason.code, cache_id).add(1)
        return cache_id

    def when_expired(self, end: Callable[[TidingsError], None]) -> asyncio.TimerHandle | None:
        """Call `end` when the token expires; return what cancels that, or None where it never does."""
        if self.expires_at == float("inf"):
            return None
        delay = max(self.expires_at - time.time(), 0.0)
        return asyncio.get_running_loop().call_later(delay, end, Unauthenticated("the token has expired"))

    def _ruling(self, action: Action, cache: str, topic: str, address: str) -> Ruling:
        return ruling(self._grant, self.tenant.account_id, self._caches, action, (cache, topic), address)

    def _look_again(self) -> None:
        snapshot = self.tenant.snapshot
        self._writable.clear()
        self._snapshot = _NOT_LOOKED_AT
        self._grant, self.expires_at = standing(self._claims, snapshot)
        self._caches = snapshot.caches if snapshot else {}
        self._snapshot = snapshot


def _principal(claims: Claims) -> str:
    """Return by whom usage is counted, see `api.usage.Line`; without the zero byte, which ends a name where counted."""
    if claims.publisher_id:
        return BY_TOKEN + claims.publisher_id.replace("\0", "\ufffd")
    return BY_KEY + claims.id.replace("\0", "\ufffd") if claims.kind in {"key", "api_token"} else ""


class Bearers:
    """Turns credentials into bearers."""

    def __init__(
        self, directory: Directory, tenants: Tenants, meters: Meters, key_uses: KeyUseNotes, *, local: bool = False
    ) -> None:
        """Take the directory's signing keys. With `local`, no token at all is the local account's super user."""
        self._tenants = tenants
        self._meters = meters
        self._key_uses = key_uses
        self._local = local
        self._verifier = Verifier(directory.keys())
        self._kids = directory.keys().keys()
        self._known: dict[str, Bearer] = {}
        self._characters = self._decisions = 0
        self._unwatch = directory.watch_keys(self._changed)

    async def bearer(self, credential: str, address: str = "") -> Bearer:
        """Return who holds `credential`, a token or its packed form, and uses it from this network address.

        Raises:
            Unauthenticated: it is missing, malformed, expired, revoked or of no use here.
            PermissionDenied: its account is suspended.
            Unavailable: its account was never seen here, and cannot be looked up now.
        """
        bearer = self._known.get(credential)
        if bearer is None:
            bearer = await self._first_seen(credential, time.time())
        return self._used(bearer, address)

    def known(self, credential: str, address: str = "") -> Bearer | None:
        """Return who holds a credential that was seen before; None for any other. See `bearer`."""
        bearer = self._known.get(credential)
        return None if bearer is None else self._used(bearer, address)

    async def of_account(self, account_id: str) -> Bearer:
        """Return a bearer that may do anything in an account: one of the installation itself, which has no token.

        Raises:
            Unauthenticated: there is no such account.
            PermissionDenied: it is suspended.
            Unavailable: it was never seen here, and cannot be looked up now.
        """
        claims = Claims("session", account_id, id="", issued_at=int(time.time()))
        bearer = Bearer(await self._tenants.tenant(account_id), claims, self._meters, self._decided)
        bearer.check(time.time())
        return bearer

    def trusts(self, bearer: Bearer) -> bool:
        """Whether the key that signed a bearer's token still counts."""
        return not bearer.kid or bearer.kid in self._kids

    def close(self) -> None:
        """Stop watching the directory."""
        self._unwatch()

    def _used(self, bearer: Bearer, address: str) -> Bearer:
        now = time.time()
        bearer.check(now)
        if now >= bearer.noted_until:
            bearer.noted_until = now + NOTE_SECONDS
            self._key_uses.note(bearer.used(address), now)
        return bearer

    async def _first_seen(self, credential: str, now: float) -> Bearer:
        if credential:
            claims = self._verifier.verify(unpack_credential(credential), now)
        elif self._local:
            claims = Claims("session", LOCAL_ACCOUNT, id=LOCAL_ACCOUNT, issued_at=0)
        else:
            raise Unauthenticated("the request carries no token; send one in the metadata 'authorization'")
        bearer = Bearer(await self._tenants.tenant(claims.account_id), claims, self._meters, self._decided)
        bearer.check(now)
        known = self._known.get(credential)
        if known is not None:  # to another call, which came while this one waited for the account
            return known
        if len(self._known) >= REMEMBERED_TOKENS or self._characters + len(credential) > REMEMBERED_CHARACTERS:
            self._forget()
        self._characters += len(credential)
        self._known[credential] = bearer
        return bearer

    def _forget(self) -> None:
        """Forget all, of which subscriptions may hold some for as long as they are open."""
        self._forget_topics()
        self._known.clear()
        self._characters = 0

    def _forget_topics(self) -> None:
        for bearer in self._known.values():
            bearer.forget_topics()
        self._decisions = 0

    def _decided(self) -> None:
        self._decisions += 1
        if self._decisions > REMEMBERED_DECISIONS:
            self._forget_topics()
            self._decisions = 1

    def _changed(self, public_keys: Mapping[str, bytes]) -> None:
        self._verifier = Verifier(public_keys)
        self._kids = public_keys.keys()
        self._forget()
