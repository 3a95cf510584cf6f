"""What can be done with API keys."""

import time
from dataclasses import dataclass
from typing import Literal

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.keys import repository
from accounts.keys.models import NO_ROLE, ApiKey
from accounts.limits.used import note_count
from accounts.paging import Page, PageRequest
from accounts.roles.service import require_role
from accounts.signing.keystore import Keystore
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.service import limits_of
from api.errors import InvalidArgument, NotFound, NotInForce, TooManyApiKeys
from api.tokens import Claims

LATEST_EXPIRY = 2**53


@dataclass(frozen=True, slots=True)
class Replacement:
    """How a key is replaced.

    Attributes:
        overlap_seconds: How long the old one still holds.
        expiry: Of the new one, in epoch seconds, or None for never; "same" for as long as the old one was made for.
    """

    overlap_seconds: int
    expiry: int | Literal["same"] | None = "same"

    def expiry_of(self, old: ApiKey, now: int) -> int | None:
        """Return when the new key expires."""
        if self.expiry != "same":
            return self.expiry
        return None if old.expires_at is None else now + old.expires_at - old.issued_at


class Keys:
    """The API keys of accounts."""

    def __init__(self, database: Database, snapshots: Snapshots, keystore: Keystore) -> None:
        self._database = database
        self._snapshots = snapshots
        self._keystore = keystore

    async def generate(
        self, account_id: str, actor: Actor, role_id: str, description: str, expires_at: int | None
    ) -> tuple[str, ApiKey]:
        """Make a key; return it, and what is kept of it. The key itself cannot be had again.

        Raises:
            InvalidArgument: there is no such role, or it would have expired already.
            TooManyApiKeys: the account has as many as it may have.
        """
        key = self._new(account_id, role_id, description, expires_at)
        async with self._database.transaction() as session:
            await require_role(session, account_id, role_id)
            await require_room(session, key)
            repository.add(session, key)
            audit.record(session, actor, account_id, "api_key.generated", key.id, after=_audited(key))
        return self._signed(key), key

    async def page(self, account_id: str, asked: PageRequest) -> Page[ApiKey]:
        """Return a page of the keys that are neither revoked nor expired, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, int(time.time()), asked)
            return asked.page(found, lambda key: (key.issued_at, key.id))

    async def describe(self, account_id: str, key_id: str) -> ApiKey:
        """Return what is known of a key.

        Raises:
            NotFound: the account has no such key.
        """
        async with self._database.reading() as session:
            key = await repository.get(session, account_id, key_id)
        if key is None:
            raise NotFound(f"API key '{key_id}' does not exist")
        return key

    async def describe_anew(
        self, account_id: str, actor: Actor, key_id: str, description: str, accept: Accept[ApiKey] = anything
    ) -> ApiKey:
        """Give a key another description. See `revoke` for `accept`.

        Raises:
            NotFound: the account has no such key.
        """
        async with self._database.transaction() as session:
            key = await _existing(session, account_id, key_id)
            accept(key)
            before, key.description = _audited(key), description
            audit.record(session, actor, account_id, "api_key.changed", key_id, before=before, after=_audited(key))
        return key

    async def rotate(
        self, account_id: str, actor: Actor, key_id: str, replacement: Replacement, accept: Accept[ApiKey] = anything
    ) -> tuple[str, ApiKey, ApiKey]:
        """Make a key that takes the place of another; return it, what is kept of it, and the old one.

        Raises:
            NotFound: the account has no such key.
            NotInForce: the old one was revoked, has expired, or was replaced already.
            InvalidArgument: it carries permissions of its own.
            TooManyApiKeys: the account has as many as it may have.
        """
        async with self._database.transaction() as session:
            old = await _existing(session, account_id, key_id)
            accept(old)
            now = int(time.time())
            _require_in_force(old, now)
            if old.role_id == NO_ROLE:
                raise InvalidArgument(
                    f"API key '{key_id}' carries permissions of its own; refresh it with the token that came with it"
                )
            key = self._new(account_id, old.role_id, old.description, replacement.expiry_of(old, now))
            await require_room(session, key, replaces=True)
            before = _audited(old)
            old.replaced_by, old.ends_at = key.id, now + replacement.overlap_seconds
            repository.add(session, key)
            audit.record(session, actor, account_id, "api_key.rotated", key_id, before=before, after=_audited(old))
            audit.record(session, actor, account_id, "api_key.generated", key.id, after=_audited(key))
            await tenants.touch(session, account_id)
        await self._snapshots.announce(account_id)
        return self._signed(key), key, old

    async def revoke(self, account_id: str, actor: Actor, key_id: str, accept: Accept[ApiKey] = anything) -> None:
        """Make a key useless at once; subscriptions opened with it end. One that was revoked stays as it is.

        Nothing is changed where `accept` raises at the sight of the key.

        Raises:
            NotFound: the account has no such key.
        """
        async with self._database.transaction() as session:
            key = await _existing(session, account_id, key_id)
            accept(key)
            if key.revoked_at is not None:
                return
            key.revoked_at = int(time.time())
            audit.record(session, actor, account_id, "api_key.revoked", key_id, before=_audited(key))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)

    def _signed(self, key: ApiKey) -> str:
        claims = Claims("key", key.account_id, key.id, key.issued_at, key.expires_at, role_id=key.role_id)
        return self._keystore.sign(claims, key.kid)

    def _new(self, account_id: str, role_id: str, description: str, expires_at: int | None) -> ApiKey:
        now = int(time.time())
        if expires_at is not None and not now < expires_at < LATEST_EXPIRY:
            raise InvalidArgument('expiry must be "never" or a time to come, in epoch seconds')
        return ApiKey(
            id=new_id("key"),
            account_id=account_id,
            role_id=role_id,
            description=description,
            issued_at=now,
            expires_at=expires_at,
            kid=self._keystore.signing_kid(),
        )


async def _existing(session: Transaction, account_id: str, key_id: str) -> ApiKey:
    key = await repository.get_alone(session, account_id, key_id)
    if key is None:
        raise NotFound(f"API key '{key_id}' does not exist")
    return key


async def require_room(session: Transaction, key: ApiKey, *, replaces: bool = False) -> None:
    """Go on where the account may have one more; a key that ends soon counts against a limit of its own."""
    most = (await limits_of(session, key.account_id)).api_keys
    have = await repository.count(session, key.account_id, key.issued_at, replaced=replaces)
    if have >= most:
        what = "replaced API keys that still hold" if replaces else "API keys"
        raise TooManyApiKeys(f"{what}: {have} of {most} in account '{key.account_id}'; revoke one")
    if not replaces:
        await note_count(session, key.account_id, "api_keys", have + 1, key.issued_at)


def _require_in_force(key: ApiKey, now: int) -> None:
    if key.replaced_by is not None:
        raise NotInForce(f"API key '{key.id}' was replaced by '{key.replaced_by}' already; rotate that one")
    if key.revoked_at is not None or (key.holds_until is not None and key.holds_until <= now):
        raise NotInForce(f"API key '{key.id}' was revoked or has expired; make a new one")


def _audited(key: ApiKey) -> dict[str, object]:
    ends = {"replaced_by": key.replaced_by, "ends_at": key.ends_at} if key.replaced_by else {}
    return {"description": key.description, "role_id": key.role_id, "expires_at": key.expires_at, **ends}
