"""What can be done with API keys."""

import time
from collections.abc import Callable

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.keys import repository
from accounts.keys.models import ApiKey
from accounts.limits.used import note_count
from accounts.paging import Page, PageRequest
from accounts.roles.service import require_role
from accounts.signing.keystore import Keystore
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.service import limits_of
from api.errors import InvalidArgument, NotFound, TooManyApiKeys
from api.tokens import Claims

LATEST_EXPIRY = 2**53

Accept = Callable[[ApiKey], None]
"""Raises where a key is not in the state in which it is to be changed."""


def anything(_: ApiKey) -> None:
    """Accept a key in any state."""


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
        now = int(time.time())
        if expires_at is not None and not now < expires_at < LATEST_EXPIRY:
            raise InvalidArgument('expiry must be "never" or a time to come, in epoch seconds')
        key = ApiKey(
            id=new_id("key"),
            account_id=account_id,
            role_id=role_id,
            description=description,
            issued_at=now,
            expires_at=expires_at,
        )
        async with self._database.transaction() as session:
            most = (await limits_of(session, account_id)).api_keys
            await require_role(session, account_id, role_id)
            if (have := await repository.count(session, account_id, now)) >= most:
                raise TooManyApiKeys(f"API keys: {have} of {most} in account '{account_id}'; revoke one")
            await note_count(session, account_id, "api_keys", have + 1, now)
            repository.add(session, key)
            audit.record(session, actor, account_id, "api_key.generated", key.id, after=_audited(key))
        claims = Claims("key", account_id, key.id, issued_at=now, expires_at=expires_at, role_id=role_id)
        return self._keystore.sign(claims), key

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

    async def revoke(self, account_id: str, actor: Actor, key_id: str, accept: Accept = anything) -> None:
        """Make a key useless at once; subscriptions opened with it end. One that was revoked stays as it is.

        Nothing is changed where `accept` raises at the sight of the key.

        Raises:
            NotFound: the account has no such key.
        """
        async with self._database.transaction() as session:
            key = await repository.get_alone(session, account_id, key_id)
            if key is None:
                raise NotFound(f"API key '{key_id}' does not exist")
            accept(key)
            if key.revoked_at is not None:
                return
            key.revoked_at = int(time.time())
            audit.record(session, actor, account_id, "api_key.revoked", key_id, before=_audited(key))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)


def _audited(key: ApiKey) -> dict[str, object]:
    return {"description": key.description, "role_id": key.role_id, "expires_at": key.expires_at}
