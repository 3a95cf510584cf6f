"""REST: all accounts, for operators of the installation."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from accounts.administration.schemas import (
    AccountChange,
    AccountDetail,
    AccountInfo,
    AccountList,
    LimitsOverride,
    Suspension,
)
from accounts.administration.service import Administration
from accounts.limits.schemas import LimitInfo, LimitsInfo
from accounts.limits.service import AccountLimits
from accounts.operators.guard import ByOperator
from accounts.pricing.schemas import Held, PlanChoice
from accounts.pricing.service import Pricing
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging

LONGEST_QUERY = 320

Search = Annotated[
    str, Query(max_length=LONGEST_QUERY, description="An id, or a part of the name or of a member's e-mail.")
]


def routes(administration: Administration, limits: AccountLimits, pricing: Pricing) -> APIRouter:
    """Return the endpoints for accounts."""
    router = APIRouter(prefix="/v1/admin/accounts", tags=["operators"], route_class=LateRoute)
    _add_accounts(router, administration)
    _add_limits(router, limits, pricing)
    return router


def _add_accounts(router: APIRouter, administration: Administration) -> None:
    @router.get("")
    async def search(
        _: ByOperator, paging: Paging, query: Search = "", *, suspended: bool | None = None
    ) -> AccountList:
        """List accounts in the order in which they were made."""
        page = await administration.page(paging, query, suspended=suspended)
        return AccountList(accounts=[AccountInfo.of(each) for each in page.items], next_token=page.next_token)

    @router.get("/{account_id}")
    async def describe(account_id: str, _: ByOperator) -> AccountDetail:
        """Describe an account: its members, what it has, and what it has used this month."""
        return AccountDetail.of(await administration.describe(account_id))

    @router.patch("/{account_id}")
    async def change(account_id: str, body: AccountChange, operator: ByOperator) -> AccountDetail:
        """Give an account the limits of another plan; what was set for it alone stays."""
        await administration.assign_limits(account_id, operator.actor, body.limits_plan)
        return AccountDetail.of(await administration.describe(account_id))

    @router.delete("/{account_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(account_id: str, operator: ByOperator) -> None:
        """Delete an account with all its data. Its usage, invoices and audit log stay."""
        await administration.delete(account_id, operator.actor)

    @router.post("/{account_id}/suspension")
    async def suspend(account_id: str, body: Suspension, operator: ByOperator) -> AccountDetail:
        """Refuse what an account's keys and tokens ask for, within a second; its subscriptions end."""
        await administration.suspend(account_id, operator.actor, body.reason)
        return AccountDetail.of(await administration.describe(account_id))

    @router.delete("/{account_id}/suspension", status_code=status.HTTP_204_NO_CONTENT)
    async def resume(account_id: str, operator: ByOperator) -> None:
        """Serve a suspended account again."""
        await administration.resume(account_id, operator.actor)


def _add_limits(router: APIRouter, limits: AccountLimits, pricing: Pricing) -> None:
    async def told(account_id: str) -> LimitsInfo:
        return LimitsInfo(limits=[LimitInfo.of(standing) for standing in await limits.standings(account_id)])

    @router.get("/{account_id}/limits")
    async def show_limits(account_id: str, _: ByOperator) -> LimitsInfo:
        """Tell what an account may use, and what it uses."""
        return await told(account_id)

    @router.patch("/{account_id}/limits")
    async def override_limits(account_id: str, body: LimitsOverride, operator: ByOperator) -> LimitsInfo:
        """Set limits of an account, and how far it may raise them by itself."""
        await limits.override(account_id, operator.actor, body.wanted())
        return await told(account_id)

    @router.post("/{account_id}/plan", status_code=status.HTTP_201_CREATED)
    async def assign_plan(account_id: str, body: PlanChoice, operator: ByOperator) -> Held:
        """Give an account a price plan, also one that is not offered to everybody."""
        held = await pricing.assign(account_id, operator.actor, body.plan_id, body.version, body.when, any_plan=True)
        return Held.of(held)
