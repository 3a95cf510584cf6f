"""Ties tokens that stand for a person to the log-in that they were made with: they end when it does.

A token carries the id of its binding among its ancestors, and routers hear of bindings that ended as of revoked keys.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.jobs.service import Job
from accounts.sessions import repository as sessions
from accounts.sessions.member import Member
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.token_bindings import repository
from accounts.token_bindings.models import TokenBinding
from api.errors import TooManyRevocations, Unauthenticated, Unavailable

MOST_ENDED = 1_000
"""Routers hold them in memory, and get all of an account's with each change of it."""

TIDY_SECONDS = 3600


class Bound(NamedTuple):
    """To what a token is tied: `id` is to be among its ancestors, and it is to expire at `until` at the latest."""

    id: str
    until: int


class TokenBindings:
    """Binds tokens, and ends what is bound.

    Whoever ends a log-in calls `lock` first, and `settle` in the same transaction after it; then `tell`.
    """

    def __init__(self, database: Database, snapshots: Snapshots, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._snapshots = snapshots
        self._now = now

    async def bind(self, session: Transaction, person: Member, seconds: int) -> Bound:
        """Tie a token that is to hold for so many seconds to a person's log-in; it does not outlive it.

        Raises:
            Unauthenticated: the log-in has ended meanwhile, or is for another account or role by now.
            TooManyRevocations: too many log-ins with tokens ended lately.
        """
        now = int(self._now())
        await tenants.get_alone(session, person.account_id)  # as all do who end what is bound
        found = await sessions.get_alone(session, person.user_id, person.session_id, now)
        if found is None or (found.session.account_id, found.role_id) != (person.account_id, person.role_id):
            raise Unauthenticated("your log-in has ended, or has changed meanwhile; try again")
        until = min(now + seconds, found.session.expires_at)
        binding = await repository.live(session, person.account_id, person.session_id)
        if binding is None:
            if (have := len(await repository.ended(session, person.account_id, now))) >= MOST_ENDED:
                raise TooManyRevocations(f"{have} log-ins with tokens of their own ended lately; wait a while")
            binding = TokenBinding(
                id=new_id("login"),
                account_id=person.account_id,
                user_id=person.user_id,
                session_id=person.session_id,
                expires_at=until,
            )
            repository.add(session, binding)
        binding.expires_at = max(binding.expires_at, until)
        return Bound(binding.id, until)

    async def lock(self, session: Transaction, user_ids: Iterable[str], *account_ids: str) -> None:
        """Have whoever changes these accounts, or those in which tokens of these people hold, wait for the transaction.

        It comes before anything else is changed, or two transactions could wait for each other.
        """
        now, wanted = int(self._now()), set(account_ids)
        for user_id in user_ids:
            wanted.update(await repository.accounts_of(session, user_id, now))
        for account_id in sorted(wanted):
            await tenants.get_alone(session, account_id)

    async def settle(self, session: Transaction, user_ids: Iterable[str]) -> set[str]:
        """End what these people's log-ins have bound that are gone; return the accounts of which to `tell`."""
        now, ended = int(self._now()), set[str]()
        for user_id in user_ids:
            ended.update(await repository.end_without_log_in(session, user_id, now))
        await self._touch(session, ended)
        return ended

    async def end_in_account(self, session: Transaction, account_id: str, user_id: str) -> set[str]:
        """End what all log-ins of a person have bound in an account; return the accounts of which to `tell`."""
        ended = set(await repository.end_in_account(session, account_id, user_id, int(self._now())))
        await self._touch(session, ended)
        return ended

    async def tell(self, account_ids: Iterable[str]) -> None:
        """Have routers know, after the transaction. If they cannot be told now, they are as soon as they can."""
        for account_id in account_ids:
            with suppress(Unavailable):  # the log-in is over; whoever follows changes goes on trying
                await self._snapshots.publish(account_id)

    def jobs(self) -> list[Job]:
        """Return what is to be done again and again."""
        return [Job("token_bindings.forget", TIDY_SECONDS, self.tidy)]

    async def tidy(self) -> str:
        """Forget the bindings whose tokens have expired."""
        async with self._database.transaction() as session:
            return f"{await repository.forget(session, int(self._now()))} bindings were forgotten"

    @staticmethod
    async def _touch(session: Transaction, account_ids: Iterable[str]) -> None:
        for account_id in sorted(account_ids):
            await tenants.touch(session, account_id)
