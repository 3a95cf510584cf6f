"""What can be done with accounts."""

from dataclasses import dataclass

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.limits.force import in_force
from accounts.memberships import repository as memberships
from accounts.memberships.models import Membership
from accounts.paging import Page, PageRequest
from accounts.roles.system import OWNER
from accounts.sessions import repository as sessions
from accounts.sessions.member import Member
from accounts.snapshots import Snapshots
from accounts.tenants import repository
from accounts.tenants.models import Account
from accounts.tenants.names import checked_account_name
from accounts.tenants.plans import OPEN
from api.account import Limits
from api.errors import NotFound, TooManyAccounts

MOST_OWNED = 20
"""Accounts that one person owns."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """An account that a person is a member of."""

    membership: Membership
    account: Account


class Tenants:
    """Accounts, as their members see and change them."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    async def describe(self, account_id: str) -> Account:
        """Return an account.

        Raises:
            NotFound: it was deleted.
        """
        async with self._database.reading() as session:
            return _found(await repository.get(session, account_id))

    async def rename(self, member: Member, name: str, accept: Accept[Account] = anything) -> Account:
        """Give the account another name. Nothing is changed where `accept` raises.

        Raises:
            InvalidArgument: the name cannot be one.
            NotFound: it was deleted.
        """
        name = checked_account_name(name)
        async with self._database.transaction() as session:
            account = _found(await repository.get_alone(session, member.account_id))
            accept(account)
            before, account.name = {"name": account.name}, name
            audit.record(
                session, member.actor, account.id, "account.renamed", account.id, before=before, after={"name": name}
            )
        return account

    async def page(self, user_id: str, asked: PageRequest) -> Page[Belonging]:
        """Return a page of the accounts that a person is a member of."""
        async with self._database.reading() as session:
            found = await memberships.page_of_accounts(session, user_id, asked)
        return asked.page([Belonging(*row) for row in found], lambda each: (each.account.id,))

    async def create(self, person: Member, name: str) -> Account:
        """Make another account, whose owner is the person, and have the log-in work there from now on.

        Raises:
            InvalidArgument: the name cannot be one.
            TooManyAccounts: the person owns as many as one may.
        """
        name, account_id = checked_account_name(name), new_id("acc")
        async with self._database.transaction() as session:
            if (have := await memberships.count_owned(session, person.user_id)) >= MOST_OWNED:
                raise TooManyAccounts(f"you own {have} of at most {MOST_OWNED} accounts")
            await repository.add(session, account_id, name, OPEN)
            memberships.add(session, account_id, person.user_id, OWNER)
            await sessions.move(session, person.session_id, account_id)
            after = {"name": name, "plan": OPEN}
            audit.record(session, person.actor, account_id, "account.created", account_id, after=after)
            account = _found(await repository.get(session, account_id))
        await self._snapshots.publish(account_id)
        return account


async def limits_of(session: Transaction, account_id: str) -> Limits:
    """Return the limits of an account. Until the transaction ends, nobody else counts against them.

    Raises:
        NotFound: there is no such account.
    """
    return await in_force(session, _found(await repository.get_alone(session, account_id)))


def _found(account: Account | None) -> Account:
    if account is None:
        raise NotFound("the account does not exist")
    return account
