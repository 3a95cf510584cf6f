"""REST: the account, and the accounts that one is a member of."""

from fastapi import APIRouter, status

from accounts.memberships.service import Members
from accounts.rest.descriptions import refusals
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember, Person
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.sessions.service import Sessions
from accounts.tenants.schemas import (
    AccountChange,
    AccountChoice,
    AccountInfo,
    Accounts,
    BelongingInfo,
    HandOver,
    NewAccount,
)
from accounts.tenants.service import Tenants


def routes(tenants: Tenants, members: Members, sessions: Sessions) -> APIRouter:
    """Return the endpoints for accounts."""
    router = APIRouter(prefix="/v1", tags=["account"], route_class=LateRoute)
    _accounts(router, tenants, sessions)

    @router.get("/account")
    async def describe(member: AnyMember, tag: Tagging) -> AccountInfo:
        """Describe the account."""
        return tag(AccountInfo.of(await tenants.describe(member.account_id)))

    @router.patch("/account")
    async def rename(body: AccountChange, member: AnyMember, matching: Matching, tag: Tagging) -> AccountInfo:
        """Give the account another name."""
        member.require_change()
        changed = await tenants.rename(member, body.name, lambda account: matching.require(AccountInfo.of(account)))
        return tag(AccountInfo.of(changed))

    @router.post("/account/owner", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(404))
    async def hand_over(body: HandOver, owner: Person) -> None:
        """Hand the account over: another member becomes its owner, and you become an operator."""
        owner.require_owner()
        await members.hand_over(owner, body.user_id, body.password)

    @router.post("/account/leave", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(404))
    async def leave(person: Person) -> None:
        """Leave the account. Whoever is a member of no other is forgotten, and may sign up anew."""
        await members.leave(person)

    return router


def _accounts(router: APIRouter, tenants: Tenants, sessions: Sessions) -> None:
    @router.get("/accounts")
    async def list_accounts(person: Person, paging: Paging) -> Accounts:
        """List the accounts that you are a member of."""
        page = await tenants.page(person.user_id, paging)
        listed = [BelongingInfo.of(each, person.account_id) for each in page.items]
        return Accounts(accounts=listed, next_token=page.next_token)

    @router.post("/accounts", status_code=status.HTTP_201_CREATED)
    async def create(body: NewAccount, person: Person, tag: Tagging) -> AccountInfo:
        """Make another account, with you as its owner; your log-in works there from now on."""
        person.require_confirmed()
        return tag(AccountInfo.of(await tenants.create(person, body.name)))

    @router.post("/session/account", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(404))
    async def switch(body: AccountChoice, person: Person) -> None:
        """Have your log-in work in another account of yours."""
        await sessions.switch(person, body.account_id)
