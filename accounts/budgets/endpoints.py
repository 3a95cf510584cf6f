"""REST: budgets."""

from fastapi import APIRouter, status

from accounts.budgets.schemas import BudgetChange, BudgetInfo, BudgetList, NewBudget
from accounts.budgets.service import Budgets
from accounts.rest.descriptions import refusals
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.money import decimal


def routes(budgets: Budgets) -> APIRouter:
    """Return the endpoints for budgets."""
    router = APIRouter(prefix="/v1/budgets", tags=["billing"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED, responses=refusals(404))
    async def make(body: NewBudget, member: AnyMember) -> BudgetInfo:
        """Make a budget. It holds from now on, also for what was spent before in this month."""
        member.require_change()
        return BudgetInfo.of(await budgets.make(member.account_id, member.actor, body.fields()))

    @router.get("")
    async def list_budgets(member: AnyMember) -> BudgetList:
        """List the budgets, the oldest first, as they stand at present; there are at most a hundred."""
        return BudgetList(budgets=[BudgetInfo.of(row) for row in await budgets.list(member.account_id)])

    @router.get("/{budget_id}")
    async def read(budget_id: str, member: AnyMember, tag: Tagging) -> BudgetInfo:
        """Show a budget as it stands at present."""
        return tag(BudgetInfo.of(await budgets.read(member.account_id, budget_id)))

    @router.patch("/{budget_id}")
    async def change(
        budget_id: str, body: BudgetChange, member: AnyMember, matching: Matching, tag: Tagging
    ) -> BudgetInfo:
        """Change the amount or the mode. A higher amount lifts at once what the budget held back."""
        member.require_change()
        changed = await budgets.change(
            member.account_id,
            member.actor,
            budget_id,
            amount=None if body.amount is None else decimal(body.amount),
            mode=body.mode,
            accept=lambda row: matching.require(BudgetInfo.of(row)),
        )
        return tag(BudgetInfo.of(changed))

    @router.delete("/{budget_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(budget_id: str, member: AnyMember, matching: Matching) -> None:
        """Delete a budget; what it held back goes on at once."""
        member.require_change()
        await budgets.remove(
            member.account_id, member.actor, budget_id, lambda row: matching.require(BudgetInfo.of(row))
        )

    return router
