"""All accounts, for operators of the installation: found, suspended, resumed, looked at and deleted."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent
from accounts.console.limits import rows
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.finance import Finance
from accounts.impersonations.service import TOKEN_PREFIX
from accounts.limits.service import AccountLimits
from accounts.operation import Operation
from accounts.operators.guard import ByOperator
from accounts.paging import MOST, PageRequest
from accounts.rest.guards import Guards, Person, address_of, check_origin
from accounts.sessions.member import Member
from accounts.tenants.plans import PLANS

LIST = "/console/operator/accounts"
ONE = f"{LIST}/one"
STATES = (("", "All"), ("no", "Served"), ("yes", "Suspended"))
LONGEST_REASON = 255
NOT_THE_ID = "This is not the account's id; type it as it is written above."


class OperatorAccountPages:
    """The pages of all accounts."""

    def __init__(
        self, pages: Pages, operation: Operation, limits: AccountLimits, finance: Finance, guards: Guards
    ) -> None:
        self._pages = pages
        self._accounts = operation.accounts
        self._impersonations = operation.impersonations
        self._limits = limits
        self._pricing = finance.pricing
        self._cookie = guards.cookie

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(ONE)(self.open)
        router.post(f"{LIST}/suspend")(self.suspend)
        router.post(f"{LIST}/resume")(self.resume)
        router.post(f"{LIST}/look")(self.look)
        router.post("/console/operator/look/end")(self.end_look)
        router.post(f"{LIST}/delete")(self.delete)
        return router

    async def list(
        self, request: Request, person: Person, _: ByOperator, search: str = "", suspended: str = "", after: str = ""
    ) -> Response:
        """Show accounts by an id, or by a part of the name or of a member's e-mail."""
        state = {"yes": True, "no": False}.get(suspended)
        page = await self._accounts.page(PageRequest(next_token=after or None), search, suspended=state)
        again = {"search": search, "suspended": suspended}
        return self._pages.show(
            request,
            "operator-accounts.html",
            person,
            accounts=page.items,
            states=STATES,
            begin=url(LIST, **again) if after else "",
            next=url(LIST, **again, after=page.next_token) if page.next_token else "",
            search=search,
            suspended=suspended,
        )

    async def open(self, request: Request, person: Person, _: ByOperator, account: str) -> Response:
        """Show an account in full."""
        return await self.show(request, person, account)

    async def suspend(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Refuse what an account's keys and tokens ask for."""
        form = await sent(request, "account", "reason")
        if wrong := _wrong_reason("reason", form["reason"]):
            return await self.show(request, person, form["account"], wrong, 400, reason=form["reason"])
        await self._accounts.suspend(form["account"], operator.actor, form["reason"].strip())
        return see_other(ONE, account=form["account"], note="suspended")

    async def resume(self, request: Request, operator: ByOperator) -> Response:
        """Serve an account again."""
        form = await sent(request, "account")
        await self._accounts.resume(form["account"], operator.actor)
        return see_other(ONE, account=form["account"], note="resumed")

    async def look(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Show the console as a viewer of the account sees it; the operator's own log-in is set aside."""
        form = await sent(request, "account", "look_reason")
        if wrong := _wrong_reason("look_reason", form["look_reason"]):
            return await self.show(request, person, form["account"], wrong, 400, look_reason=form["look_reason"])
        token, _ = await self._impersonations.begin(form["account"], operator.actor, form["look_reason"].strip())
        response = see_other("/console")
        self._cookie.set_aside(response, self._cookie.secret(request))
        self._cookie.set(response, token)
        return response

    async def end_look(self, request: Request) -> Response:
        """End a look, also one whose time is over."""
        check_origin(request)
        secret = self._cookie.secret(request)
        if not secret.startswith(TOKEN_PREFIX):
            return see_other(LIST)
        await self._impersonations.end_by_token(secret, address_of(request))
        response = see_other(LIST, note="look-ended")
        self._cookie.take_back(request, response)
        return response

    async def delete(self, request: Request, person: Person, operator: ByOperator) -> Response:
        """Delete an account whose id was typed once more."""
        form = await sent(request, "account", "confirmation")
        typed = form["confirmation"]
        if typed.strip() != form["account"]:
            wrong = Trouble(fields={"confirmation": NOT_THE_ID})
            return await self.show(request, person, form["account"], wrong, 400, confirmation=typed)
        await self._accounts.delete(form["account"], operator.actor)
        return see_other(LIST, note="deleted")

    async def show(
        self,
        request: Request,
        person: Member,
        account_id: str,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
        **filled: str,
    ) -> Response:
        """Show an account, with what was wrong in one of its forms and what was typed into it."""
        described = await self._accounts.describe(account_id)
        standings = await self._limits.standings(account_id)
        plans = await self._pricing.page(PageRequest(MOST), public_only=False)
        held = await self._pricing.held_by(account_id)
        own = [each for each in standings if each.cache is None]
        form = {"reason": "", "look_reason": "", "confirmation": "", "limits_plan": described.account.plan}
        for each in own:
            form[f"value-{each.name}"] = str(each.value) if each.source == "account" else ""
            form[f"hard-{each.name}"] = str(each.hard)
        values: dict[str, Any] = {
            "account": described.account,
            "described": described,
            "limits": [row for row in rows(standings) if not row.cache],
            "limits_plans": [(name, name) for name in PLANS],
            "plans": [(row.id, f"{row.name} ({row.currency})") for row in plans.items],
            "held": held[-1].plan,
            "form": {**form, **filled},
            "trouble": wrong,
        }
        return self._pages.show(request, "operator-account.html", person, status, **values)


def _wrong_reason(field: str, reason: str) -> Trouble | None:
    if reason.strip() and len(reason) <= LONGEST_REASON and reason.isprintable():
        return None
    return Trouble(fields={field: f"Say why, in 1 to {LONGEST_REASON} printable characters."})
