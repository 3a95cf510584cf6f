"""What operators of the installation give an account: limits of its own, limits of a plan, and a price plan."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.limits import Mistake
from accounts.console.operator_accounts import LIST, ONE, OperatorAccountPages
from accounts.console.page_route import PageRoute
from accounts.console.pages import see_other
from accounts.finance import Finance
from accounts.limits.force import NAMES
from accounts.limits.schemas import LARGEST
from accounts.limits.service import AccountLimits, Standing
from accounts.operation import Operation
from accounts.operators.guard import ByOperator
from accounts.rest.guards import Person
from api.errors import InvalidArgument, TidingsError

KINDS = ("value", "hard")


class OperatorTerms:
    """What the forms for an account's limits and plans do."""

    def __init__(
        self, shown: OperatorAccountPages, operation: Operation, limits: AccountLimits, finance: Finance
    ) -> None:
        self._shown = shown
        self._accounts = operation.accounts
        self._limits = limits
        self._pricing = finance.pricing

    def routes(self) -> APIRouter:
        """Return the endpoints."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.post(f"{LIST}/limits")(self.override)
        router.post(f"{LIST}/limits-plan")(self.assign_limits)
        router.post(f"{LIST}/price-plan")(self.assign_plan)
        return router

    async def override(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Set limits of an account, and how far it may raise them by itself."""
        fields = [f"{kind}-{name}" for name in NAMES for kind in KINDS]
        form = await sent(request, "account", *fields)
        account, typed = form["account"], {name: form[name] for name in fields}
        try:
            changes = wanted(typed, await self._limits.standings(account))
            await self._limits.override(account, operator.actor, changes)
        except Mistake as mistake:
            return await self._shown.show(request, person, account, mistake.trouble, 400, **typed)
        except InvalidArgument as error:
            wrong = trouble(error, {f"{name} is": f"value-{name}" for name in NAMES})
            return await self._shown.show(request, person, account, wrong, error.http, **typed)
        return see_other(ONE, account=account, note="override-changed")

    async def assign_limits(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Give an account the limits of another plan."""
        form = await sent(request, "account", "limits_plan")
        try:
            await self._accounts.assign_limits(form["account"], operator.actor, form["limits_plan"])
        except InvalidArgument as error:
            wrong = trouble(error, {"there are no limits": "limits_plan"})
            return await self._shown.show(request, person, form["account"], wrong, error.http)
        return see_other(ONE, account=form["account"], note="limits-plan-changed")

    async def assign_plan(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Give an account a price plan, from this quarter of an hour or from the next month on."""
        form = await sent(request, "account", "plan", "when")
        when = "next_month" if form["when"] == "next_month" else "now"
        try:
            await self._pricing.assign(form["account"], operator.actor, form["plan"], None, when, any_plan=True)
        except TidingsError as error:
            return await self._shown.show(request, person, form["account"], trouble(error, {}), error.http)
        return see_other(ONE, account=form["account"], note="plan-assigned")


def wanted(form: Mapping[str, str], standings: Sequence[Standing]) -> Mapping[str, Mapping[str, int | None]]:
    """Return what differs from what is in force, by the limit's name; None for what the plan gives.

    Raises:
        Mistake: something is no whole number.
    """
    found, wrong = dict[str, dict[str, int | None]](), dict[str, str]()
    for each in (each for each in standings if each.cache is None):
        before = {"value": str(each.value) if each.source == "account" else "", "hard": str(each.hard)}
        for kind in KINDS:
            text = form[f"{kind}-{each.name}"].strip()
            if text and not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= LARGEST):
                wrong[f"{kind}-{each.name}"] = "Must be a whole number, or empty for what the plan gives."
            elif text != before[kind]:
                found.setdefault(each.name, {})[kind] = int(text) if text else None
    if wrong:
        raise Mistake(wrong)
    return found
