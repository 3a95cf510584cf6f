"""Log-ins, kept on the server: a cookie holds a secret, the database its hash."""

import hashlib
import time
from dataclasses import dataclass

from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import new_secret
from accounts.memberships import repository as memberships
from accounts.roles.system import OPERATOR, OWNER, VIEWER
from accounts.sessions import repository
from accounts.sessions.models import Session
from api.errors import PermissionDenied, Unauthenticated

VALID_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class Member:
    """A person who has logged in, in one account; or a program with an API key, which acts as an owner would."""

    user_id: str
    account_id: str
    role_id: str
    actor: Actor

    def require_change(self) -> None:
        """Go on where the member may change things.

        Raises:
            PermissionDenied: a viewer may only look.
        """
        if self.role_id == VIEWER:
            raise PermissionDenied("a viewer may not change anything; ask an owner or operator of the account")

    def require_grant(self, role_id: str) -> None:
        """Go on where the member may make a key of this role: none above one's own, and a key none that administers.

        Raises:
            PermissionDenied: else a key that is about to expire could make itself one that never does.
        """
        self.require_change()
        if self.actor.kind == "key" and role_id in {OWNER, OPERATOR}:
            raise PermissionDenied("an API key may not make keys that administer; log in on the console for that")
        if role_id == OWNER != self.role_id:
            raise PermissionDenied("only an owner may make an owner's key")


class Sessions:
    """Begins, finds and ends log-ins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, session: Transaction, user_id: str, account_id: str) -> str:
        """Begin a log-in within a transaction; return the secret for the cookie."""
        secret, now = new_secret(), int(time.time())
        row = Session(
            secret_hash=_hash(secret),
            user_id=user_id,
            account_id=account_id,
            created_at=now,
            expires_at=now + VALID_SECONDS,
        )
        repository.add(session, row)
        return secret

    async def member(self, secret: str, address: str) -> Member:
        """Return who has logged in with this secret, and calls from this network address.

        Raises:
            Unauthenticated: nobody, or too long ago.
        """
        async with self._database.reading() as session:
            row = await repository.get(session, _hash(secret), int(time.time()))
            role = None if row is None else await memberships.role(session, row.account_id, row.user_id)
        if row is None or role is None:
            raise Unauthenticated("you are not logged in, or your session has expired; log in again")
        return Member(row.user_id, row.account_id, role, Actor("user", row.user_id, address))

    async def end(self, secret: str) -> None:
        """End a log-in; nothing happens when there is none."""
        async with self._database.transaction() as session:
            await repository.remove(session, _hash(secret))
            await repository.remove_expired(session, int(time.time()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
