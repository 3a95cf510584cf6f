"""Revokes disposable tokens by the ids that were chosen for them. Routers know before it is answered."""

import time
from dataclasses import dataclass

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.jobs.service import Job
from accounts.paging import Page, PageRequest
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tokens import repository
from accounts.tokens.models import TokenRevocation
from accounts.tokens.service import LONGEST_DISPOSABLE_SECONDS
from api.errors import NotFound, TooManyRevocations

MOST_REVOCATIONS = 1_000
"""Routers hold them in memory, and get all of an account's with each change of it."""

MARGIN_SECONDS = 5
"""By so much the clocks of account services may differ. Tokens made after a revocation are dated after it."""

TIDY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Which:
    """The tokens that are revoked: those with the id `text`, or those whose ids begin with it."""

    text: str
    is_prefix: bool


class RevokedTokens:
    """The revocations of disposable tokens."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    async def revoke(self, account_id: str, actor: Actor, which: Which) -> TokenRevocation:
        """Refuse all tokens made before now; the streams opened with them end. Doing it again moves the time on.

        Raises:
            TooManyRevocations: there are as many as there may be.
        """
        async with self._database.transaction() as session:
            await tenants.touch(session, account_id)
            now = int(time.time())
            revocation = await repository.of_text(session, account_id, which.text, is_prefix=which.is_prefix)
            if revocation is None:
                if (have := await repository.count(session, account_id, now)) >= MOST_REVOCATIONS:
                    raise TooManyRevocations(f"{have} of {MOST_REVOCATIONS} revocations are in force; use a prefix")
                revocation = TokenRevocation(id=new_id("revocation"), account_id=account_id, text=which.text)
                revocation.is_prefix = which.is_prefix
            # Later than any before, after which tokens of this very second may be dated.
            latest = await repository.latest(session, account_id)
            revocation.until, revocation.created_at = max(now + MARGIN_SECONDS, latest + 1), now
            revocation.forget_at = revocation.until + LONGEST_DISPOSABLE_SECONDS
            await repository.add(session, revocation)
            audit.record(session, actor, account_id, "token.revoked", revocation.id, after=_audited(revocation))
        await self._snapshots.publish(account_id)
        return revocation

    async def page(self, account_id: str, asked: PageRequest) -> Page[TokenRevocation]:
        """Return a page of the revocations by which tokens may be refused, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, int(time.time()), asked)
            return asked.page(found, lambda revocation: (revocation.created_at, revocation.id))

    async def take_back(self, account_id: str, actor: Actor, revocation_id: str) -> None:
        """Let the tokens hold again that have not expired.

        Raises:
            NotFound: there is no such revocation.
        """
        async with self._database.transaction() as session:
            await tenants.touch(session, account_id)
            revocation = await repository.get(session, account_id, revocation_id)
            if revocation is None:
                raise NotFound(f"revocation '{revocation_id}' does not exist")
            audit.record(
                session, actor, account_id, "token.revocation_taken_back", revocation_id, before=_audited(revocation)
            )
            await repository.remove(session, revocation)
        await self._snapshots.publish(account_id)

    def jobs(self) -> list[Job]:
        """Return what is to be done again and again."""
        return [Job("tokens.forget_revocations", TIDY_SECONDS, self.tidy)]

    async def tidy(self) -> str:
        """Forget the revocations by which no token is refused any more."""
        async with self._database.transaction() as session:
            return f"{await repository.forget(session, int(time.time()))} revocations were forgotten"


def _audited(revocation: TokenRevocation) -> dict[str, object]:
    return {("token_id_prefix" if revocation.is_prefix else "token_id"): revocation.text}
