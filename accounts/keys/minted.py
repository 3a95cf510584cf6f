"""API keys that carry permissions of their own, as the Auth service mints them: kept beside those that have a role.

What is kept lists and revokes them; it holds neither the key nor what it may do, which the key itself says.
"""

import time

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.keys import repository
from accounts.keys.models import NO_ROLE, ApiKey
from accounts.keys.service import require_room
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from api.errors import InvalidArgument
from api.tokens import Claims

LONGEST_DESCRIPTION = 255

UNSURE_SECONDS = 60
"""So long after a key was made it may be in use and not be known to be: routers tell of a first use some seconds
later. Two processes that begin with the same pair must not end each other's keys."""


class MintedKeys:
    """Writes down which were made."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    async def note(self, claims: Claims, actor: Actor, description: str) -> None:
        """Keep what is known of a new key, before anybody gets it.

        Raises:
            InvalidArgument: the description is too long, or does not print.
            TooManyApiKeys: the account has as many as it may have.
        """
        if len(description) > LONGEST_DESCRIPTION or not (description.isprintable()):
            raise InvalidArgument(f"a description has at most {LONGEST_DESCRIPTION} characters, all of them printable")
        key = _row(claims, description)
        async with self._database.transaction() as session:
            await require_room(session, key)
            repository.add(session, key)
            audit.record(session, actor, key.account_id, "api_key.generated", key.id, after=_audited(key))

    async def note_renewed(self, old: Claims, new: Claims) -> None:
        """Keep that a key was refreshed by its bearer: the new one takes its place, and the old one holds as it did.

        Whoever lost an answer may ask again: the key that took the place of the old one ends, as far as it was never
        used, after a minute in which that is not known for certain. Otherwise each repetition would leave one more key
        that holds.

        Raises:
            InvalidArgument: the one that took its place still holds, and was used, or may be.
            TooManyApiKeys: too many of those that were replaced still hold, or there is no room for one more key.
        """
        ended = False
        async with self._database.transaction() as session:
            before = await repository.get_alone(session, old.account_id, old.id)
            key, actor = _row(new, before.description if before is not None else ""), Actor("key", old.id, "")
            if before is not None and before.replaced_by is not None:
                ended = await _end_unused(session, actor, before.account_id, before.replaced_by, key.issued_at)
            await require_room(session, key, replaces=before is not None and before.replaced_by is None)
            repository.add(session, key)
            if before is not None:
                before.replaced_by = key.id
            audit.record(
                session,
                actor,
                key.account_id,
                "api_key.refreshed",
                key.id,
                before={"key_id": old.id},
                after=_audited(key),
            )
        if ended:
            await self._snapshots.publish(old.account_id)


async def _end_unused(session: Transaction, actor: Actor, account_id: str, key_id: str, now: int) -> bool:
    """End a key that nobody has used; return whether it held until now."""
    key = await repository.get_alone(session, account_id, key_id)
    if key is None or not await repository.holds(session, account_id, key_id, now):
        return False
    if key.issued_at > now - UNSURE_SECONDS:
        raise InvalidArgument(f"the API key was refreshed a moment ago: use '{key_id}', or try again in a minute")
    if key.last_used_at is not None or key.replaced_by is not None:
        raise InvalidArgument(
            f"the API key was refreshed already: use '{key_id}', or have it revoked before the next refresh"
        )
    key.revoked_at = now
    audit.record(session, actor, account_id, "api_key.revoked", key_id, before=_audited(key))
    await tenants.touch(session, account_id)
    return True


def _row(claims: Claims, description: str) -> ApiKey:
    return ApiKey(
        id=claims.id,
        account_id=claims.account_id,
        role_id=NO_ROLE,
        description=description,
        issued_at=int(time.time()),
        expires_at=claims.expires_at,
        kid=claims.kid or None,
    )


def _audited(key: ApiKey) -> dict[str, object]:
    return {"description": key.description, "role_id": key.role_id, "expires_at": key.expires_at}
