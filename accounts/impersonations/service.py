"""Operators look at an account as a viewer would, for a while. Its audit log has the begin, each request, the end."""

import time
from collections.abc import Callable, Sequence

from accounts import audit
from accounts.audit import SYSTEM, Actor
from accounts.database import Database
from accounts.identifiers import hashed, new_id, new_secret
from accounts.impersonations import repository
from accounts.impersonations.models import Impersonation
from accounts.roles.system import VIEWER
from accounts.sessions.member import Member
from accounts.tenants import repository as tenants
from api.errors import NotFound, PermissionDenied, Unauthenticated

TOKEN_PREFIX = "tdim_"  # noqa: S105 - what every such token begins with
VALID_SECONDS = 3600
LOOKING = frozenset({"GET", "HEAD"})


class Impersonations:
    """The looks of operators at accounts."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def begin(self, account_id: str, actor: Actor, reason: str) -> tuple[str, Impersonation]:
        """Let an operator look at an account; return the token for it, and what is kept of it.

        Raises:
            NotFound: there is no such account.
        """
        secret, now = TOKEN_PREFIX + new_secret(), int(self._now())
        row = Impersonation(
            id=new_id("look"),
            secret_hash=hashed(secret),
            account_id=account_id,
            operator_id=actor.id,
            reason=reason,
            created_at=now,
            expires_at=now + VALID_SECONDS,
        )
        async with self._database.transaction() as session:
            if await tenants.get(session, account_id) is None:
                raise NotFound(f"account '{account_id}' does not exist")
            repository.add(session, row)
            after = {"reason": reason, "expires_at": row.expires_at}
            audit.record(session, actor, account_id, "impersonation.begun", row.id, after=after)
        return secret, row

    async def list(self) -> Sequence[Impersonation]:
        """Return what has not ended, the oldest first."""
        async with self._database.reading() as session:
            return await repository.everything(session, int(self._now()))

    async def member(self, secret: str, method: str, path: str, address: str) -> Member:
        """Return the viewer that an operator is for one request, and note the request in the account's audit log.

        Raises:
            Unauthenticated: the look has ended.
            PermissionDenied: the request is one that changes something.
        """
        if method not in LOOKING:
            raise PermissionDenied("whoever looks at an account for the installation may not change anything in it")
        async with self._database.transaction() as session:
            row = await repository.find(session, hashed(secret), int(self._now()))
            if row is None:
                raise Unauthenticated("this look at the account has ended; begin another one")
            actor = Actor("operator", row.operator_id, address)
            after = {"request": f"{method} {path}"}
            audit.record(session, actor, row.account_id, "impersonation.looked", row.id, after=after)
        return Member("", row.account_id, VIEWER, actor)

    async def end(self, impersonation_id: str, actor: Actor) -> None:
        """End a look.

        Raises:
            NotFound: there is none of this id.
        """
        async with self._database.transaction() as session:
            row = await repository.take(session, impersonation_id)
            if row is None:
                raise NotFound(f"impersonation '{impersonation_id}' does not exist")
            audit.record(session, actor, row.account_id, "impersonation.ended", row.id)

    async def end_by_token(self, secret: str, address: str) -> None:
        """End the look that this token is for; nothing happens where it has ended already."""
        async with self._database.transaction() as session:
            row = await repository.find(session, hashed(secret), int(self._now()))
            if row is None:
                return
            await repository.take(session, row.id)
            actor = Actor("operator", row.operator_id, address)
            audit.record(session, actor, row.account_id, "impersonation.ended", row.id)

    async def end_expired(self) -> str:
        """Note the end of those whose time is over: the job `impersonations.end`."""
        now = int(self._now())
        async with self._database.transaction() as session:
            ended = await repository.take_expired(session, now)
            for row in ended:
                after = {"reason": "its time was over"}
                audit.record(session, SYSTEM, row.account_id, "impersonation.ended", row.id, after=after)
        return f"{len(ended)} ended"
