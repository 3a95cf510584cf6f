"""Budgets: what may be spent in a month, on what, and what happens when it is."""

from collections.abc import Mapping
from decimal import Decimal

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from accounts.billing.money import ZERO
from accounts.budgets.models import Budget
from accounts.budgets.schemas import BudgetInfo, NewBudget
from accounts.budgets.service import Budgets
from accounts.caches.service import Caches
from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, number, see_other, sentence
from accounts.rest.faults import in_words
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from api.errors import TidingsError

LIST, NEW, DELETE = "/console/budgets", "/console/budgets/new", "/console/budgets/delete"
MODES = (
    ("warn", "Tell us"),
    ("throttle", "Let one publish a second through"),
    ("stop_publishing", "Refuse publishes"),
    ("stop", "Refuse publishes and subscriptions"),
)
_FIELDS = {"there is a budget": "name", "an amount": "amount", "cache '": "cache"}
_MOST_PERCENT = 100


class BudgetPages:
    """The pages of budgets."""

    def __init__(self, pages: Pages, budgets: Budgets, caches: Caches) -> None:
        self._pages = pages
        self._budgets = budgets
        self._caches = caches

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(NEW)(self.new)
        router.post(NEW)(self.make)
        router.post(DELETE)(self.delete)
        return router

    async def list(self, request: Request, person: Person) -> Response:
        """Show all budgets as they stand."""
        rows = await self._budgets.list(person.account_id)
        names = {cache.id: cache.name for cache in await self._caches.list(person.account_id)}
        budgets = [(BudgetInfo.of(row), _percent(row)) for row in rows]
        shown = [(budget, percent, _words(budget, names)) for budget, percent in budgets]
        return self._pages.show(request, "budgets.html", person, budgets=shown)

    async def new(self, request: Request, person: Person) -> Response:
        """Show the form for a budget."""
        form = {"name": "", "amount": "", "mode": "warn", "cache": ""}
        return await self._form(request, person, form)

    async def make(self, request: Request, person: Person) -> Response:
        """Make a budget."""
        form = await sent(request, "name", "amount", "mode", "cache")
        try:
            person.require_change()
            body = NewBudget.model_validate({**form, "cache": form["cache"] or None})
            await self._budgets.make(person.account_id, person.actor, body.fields())
        except ValidationError as error:
            wrong = {str(each["loc"][0]): sentence(in_words(each)) for each in error.errors()}
            return await self._form(request, person, form, Trouble("The budget is not right yet.", wrong), 400)
        except TidingsError as error:
            return await self._form(request, person, form, trouble(error, _FIELDS), error.http)
        return see_other(LIST, note="budget-made")

    async def delete(self, request: Request, person: Person) -> Response:
        """Delete a budget."""
        form = await sent(request, "budget")
        person.require_change()
        await self._budgets.remove(person.account_id, person.actor, form["budget"])
        return see_other(LIST, note="budget-deleted")

    async def _form(
        self, request: Request, person: Member, form: dict[str, str], wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        caches = [("", "Everything"), *((c.name, c.name) for c in await self._caches.list(person.account_id))]
        return self._pages.show(
            request, "budget-new.html", person, status, form=form, trouble=wrong, modes=MODES, caches=caches
        )


def _words(budget: BudgetInfo, caches: Mapping[str, str]) -> list[str]:
    """Return what a budget is for, when people are told, and what happens then; `caches` are names by ids."""
    spent_on: list[str] = []
    if budget.cache_id is not None:
        name = caches.get(budget.cache_id)
        spent_on.append("a cache that is gone" if name is None else f"cache {name}")
    if budget.api_key is not None:
        spent_on.append(f"API key {budget.api_key}")
    if budget.token_id is not None:
        spent_on.append(f"tokens with the id {budget.token_id}")
    told = f"told at {', '.join(f'{percent} %' for percent in budget.alerts)}" if budget.alerts else "nobody is told"
    then = dict(MODES)[budget.mode]
    if budget.mode == "throttle" and budget.publishes_per_second > 1:
        then = f"let {number(budget.publishes_per_second)} publishes a second through"
    return [", ".join(spent_on) or "everything", told, f"then: {then[:1].lower()}{then[1:]}"]


def _percent(row: Budget) -> int:
    return int(min(row.spent / row.amount * 100, Decimal(_MOST_PERCENT))) if row.amount > ZERO else _MOST_PERCENT
