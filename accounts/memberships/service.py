"""What can be done with the members of an account. It always keeps an owner, also when two remove each other."""

from dataclasses import dataclass

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.database import Database, Transaction
from accounts.memberships import repository
from accounts.memberships.models import Membership
from accounts.operators import repository as operators
from accounts.paging import Page, PageRequest
from accounts.roles.system import OPERATOR, OWNER, is_lesser
from accounts.sessions import repository as sessions
from accounts.sessions.member import Member
from accounts.tenants import repository as tenants
from accounts.token_bindings.service import TokenBindings
from accounts.users import repository as users
from accounts.users.service import Users
from api.errors import InUse, LastOwner, NotFound


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member as the others see them."""

    membership: Membership
    email: str


class Members:
    """The members of accounts. All that changes them locks the account first, and so comes one after the other."""

    def __init__(self, database: Database, people: Users, bindings: TokenBindings) -> None:
        self._database = database
        self._people = people
        self._bindings = bindings

    async def page(self, account_id: str, asked: PageRequest) -> Page[Colleague]:
        """Return a page of the members in the order of their e-mails."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, asked)
        return asked.page([Colleague(*row) for row in found], lambda colleague: (colleague.email,))

    async def describe(self, account_id: str, user_id: str) -> Colleague:
        """Return a member.

        Raises:
            NotFound: there is none with this id.
        """
        async with self._database.reading() as session:
            return await _existing(session, account_id, user_id)

    async def change_role(
        self, owner: Member, user_id: str, role_id: str, accept: Accept[Colleague] = anything
    ) -> Colleague:
        """Give a member another role, from the next request on. Nothing is changed where `accept` raises.

        Tokens that they made to act for themselves end where the role is a lesser one.

        Raises:
            NotFound: there is no such member.
            LastOwner: nobody else is an owner.
        """
        ended = set[str]()
        async with self._database.transaction() as session:
            await tenants.get_alone(session, owner.account_id)
            colleague = await _existing(session, owner.account_id, user_id)
            accept(colleague)
            before, colleague.membership.role_id = _audited(colleague), role_id
            if role_id != OWNER:
                await _require_other_owner(session, before, owner.account_id, user_id)
            after = _audited(colleague)
            if is_lesser(role_id, str(before["role_id"])):
                ended = await self._bindings.end_in_account(session, owner.account_id, user_id)
            audit.record(
                session, owner.actor, owner.account_id, "member.role_changed", user_id, before=before, after=after
            )
        await self._bindings.tell(ended)
        return colleague

    async def remove(self, owner: Member, user_id: str, accept: Accept[Colleague] = anything) -> None:
        """Make somebody no member any more. Their log-ins to the account end; the keys that they made stay.

        Raises:
            NotFound: there is no such member.
            LastOwner: nobody else is an owner.
            InUse: they operate the installation, and could not log in any more.
        """
        await self._remove(owner, user_id, "member.removed", accept)

    async def leave(self, person: Member) -> None:
        """Leave the account. See `remove`."""
        await self._remove(person, person.user_id, "member.left", anything)

    async def hand_over(self, owner: Member, user_id: str, password: str) -> None:
        """Make another member the owner, and the one who was it an operator.

        Raises:
            PermissionDenied: the password is wrong.
            NotFound: there is no such member.
        """
        await self._people.require_password(owner, password)
        async with self._database.transaction() as session:
            await tenants.get_alone(session, owner.account_id)
            old = await _existing(session, owner.account_id, owner.user_id)
            new = await _existing(session, owner.account_id, user_id)
            old.membership.role_id = OPERATOR
            new.membership.role_id = OWNER
            ended = await self._bindings.end_in_account(session, owner.account_id, owner.user_id)
            before, after = {"owner": old.email}, {"owner": new.email}
            audit.record(
                session,
                owner.actor,
                owner.account_id,
                "account.handed_over",
                owner.account_id,
                before=before,
                after=after,
            )
        await self._bindings.tell(ended)

    async def _remove(self, by: Member, user_id: str, action: str, accept: Accept[Colleague]) -> None:
        async with self._database.transaction() as session:
            await self._bindings.lock(session, [user_id], by.account_id)
            colleague = await _existing(session, by.account_id, user_id)
            accept(colleague)
            before = _audited(colleague)
            await _require_other_owner(session, before, by.account_id, user_id)
            await users.get_alone(session, user_id)
            await _require_home(session, colleague, by.account_id)
            await repository.remove(session, colleague.membership)
            await sessions.end_in_account(session, by.account_id, user_id)
            ended = await self._bindings.end_in_account(session, by.account_id, user_id)
            ended |= await self._bindings.settle(session, [user_id])
            audit.record(session, by.actor, by.account_id, action, user_id, before=before)
            await repository.forget_homeless(session, [user_id])
        await self._bindings.tell(ended)


async def _existing(session: Transaction, account_id: str, user_id: str) -> Colleague:
    found = await repository.find(session, account_id, user_id)
    if found is None:
        raise NotFound(f"member '{user_id}' does not exist")
    return Colleague(*found)


async def _require_other_owner(session: Transaction, before: dict[str, object], account_id: str, user_id: str) -> None:
    if before["role_id"] == OWNER and not await repository.has_other_owner(session, account_id, user_id):
        raise LastOwner("an account keeps an owner: make somebody else one first, or delete the account")


async def _require_home(session: Transaction, colleague: Colleague, account_id: str) -> None:
    """Go on where somebody need not log in, or may do so to another account than the one that they are to leave."""
    user_id = colleague.membership.user_id
    if await operators.is_one(session, user_id) and await repository.accounts_of(session, user_id) == [account_id]:
        raise InUse(
            f"'{colleague.email}' operates this installation, and logs in by this account alone: "
            f"take the right from them first, with 'tidings operator dismiss {colleague.email}'"
        )


def _audited(colleague: Colleague) -> dict[str, object]:
    return {"email": colleague.email, "role_id": colleague.membership.role_id}
