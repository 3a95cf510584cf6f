"""Bills: what this month costs so far, under which plan, whom invoices are for, and the invoices that are final."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.billing.meters import METERS
from accounts.billing.money import plain, plain_unit, rounded, times, total
from accounts.billing.periods import Assignment
from accounts.billing.plan import Plan
from accounts.billing.rating import INCLUDED
from accounts.console.bill_lines import line_path
from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.finance import Finance
from accounts.invoices.document import document
from accounts.invoices.explaining import DRAFT
from accounts.invoices.models import Invoice
from accounts.invoices.service import Draft
from accounts.invoices.wording import description
from accounts.paging import MOST, PageRequest
from accounts.pricing.schemas import ProfileChange
from accounts.pricing.service import plan_of
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from accounts.users.emails import LONGEST_EMAIL
from api.errors import InvalidArgument, TidingsError

PATH, INVOICE, PROFILE, PLAN = (
    "/console/billing",
    "/console/billing/invoice",
    "/console/billing/profile",
    "/console/billing/plan",
)
_TEXTS = ("name", "address", "email", "tax_id")
_FIELDS = {"the e-mail": "email"} | {name: name for name in _TEXTS}
"""What messages of services begin with, and the field that they are about."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a month costs in one currency: so far, and at its end if it goes on as it has begun.

    Attributes:
        lines: Of each what it is for, how much, the amount, and where its page is, if it has one.
    """

    currency: str
    so_far: str
    forecast: str
    lines: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What of one meter costs nothing in this month, and how much of that was used."""

    label: str
    used: int
    included: int

    @property
    def percent(self) -> int:
        """How much was used, in whole percent."""
        return min(100, 100 * self.used // self.included)


def allowances(draft: Draft, held: Sequence[Assignment]) -> list[Allowance]:
    """Return what is included in the plan of this month.

    Nothing where the plan was changed in the course of it: then the month has parts, each with a share of its own.
    """
    if any(draft.period.start < each.since <= draft.now for each in held[1:]):
        return []
    plan = in_force(held, draft.now).plan
    used: dict[str, int] = {}
    for line in (line for each in draft.reckoned for line in each.statement.lines):
        if line.kind == "usage" and line.tier == INCLUDED:
            used[line.meter] = used.get(line.meter, 0) + line.quantity
    return [
        Allowance(METERS[price.meter].label, used.get(price.meter, 0), price.included)
        for price in plan.prices.values()
        if price.included
    ]


def in_force(held: Sequence[Assignment], now: int) -> Assignment:
    """Return the plan that an account has at an epoch second."""
    return next((each for each in reversed(held) if each.since <= now), held[0])


def costs(draft: Draft) -> list[Cost]:
    """Return what the month that runs costs."""
    elapsed = max(draft.now - draft.period.start, 1)
    share = Decimal(draft.period.end - draft.period.start) / Decimal(elapsed)
    found: list[Cost] = []
    for each in draft.reckoned:
        statement = each.statement
        used = total(line.exact for line in statement.lines if line.kind == "usage")
        rest = total([statement.total, *(-line.exact for line in statement.lines if line.kind == "usage")])
        forecast = rounded(times(1, rest) + used * share, statement.currency)
        lines = [
            (
                description(line, statement.currency),
                f"{line.quantity:,}",
                plain(line.amount),
                line_path(DRAFT + statement.currency, number, line),
            )
            for number, line in enumerate(statement.lines, 1)
        ]
        found.append(Cost(statement.currency, plain(statement.total), plain(forecast), lines))
    return found


class BillingPages:
    """The pages about money."""

    def __init__(self, pages: Pages, finance: Finance) -> None:
        self._pages = pages
        self._finance = finance

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(PATH)(self.overview)
        router.get(INVOICE)(self.invoice)
        router.get(PROFILE)(self.profile)
        router.post(PROFILE)(self.change_profile)
        router.get(PLAN)(self.plans)
        router.post(PLAN)(self.choose)
        return router

    async def overview(self, request: Request, person: Person, after: str = "") -> Response:
        """Show the month that runs, and the invoices."""
        draft = await self._finance.invoices.draft(person.account_id)
        page = await self._finance.invoices.page(person.account_id, PageRequest(next_token=after or None))
        return self._pages.show(
            request,
            "billing.html",
            person,
            period=draft.period,
            now=draft.now,
            costs=costs(draft),
            plan=await self._plan(person, draft.now),
            invoices=[(row, self._finance.invoices.shown_number(row), _amount(row)) for row in page.items],
            begin=PATH if after else "",
            next=url(PATH, after=page.next_token) if page.next_token else "",
        )

    async def invoice(self, request: Request, person: Person, id: str) -> Response:
        """Show an invoice."""
        invoices = self._finance.invoices
        row, statement = await invoices.read(person.account_id, id)
        shown = document(row, statement, invoices.shown_number(row), invoices.settings.seller)
        paths = [line_path(id, number, line) for number, line in enumerate(statement.lines, 1)]
        rows = list(zip(shown.rows, paths, strict=True))
        return self._pages.show(request, "invoice.html", person, document=shown, rows=rows, invoice=row)

    async def profile(self, request: Request, person: Person) -> Response:
        """Show whom invoices are for."""
        kept = (await self._finance.profiles.read(person.account_id)).profile
        return self._profile(request, person, {name: getattr(kept, name) for name in _TEXTS})

    async def change_profile(self, request: Request, person: Person) -> Response:
        """Change whom invoices are for."""
        form = await sent(request, *_TEXTS)
        try:
            person.require_change()
            wanted = _checked({**form, "address": form["address"].replace("\r\n", "\n")})
            await self._finance.profiles.change(person.account_id, person.actor, wanted)
        except TidingsError as error:
            return self._profile(request, person, form, trouble(error, _FIELDS), error.http)
        return see_other(PATH, note="profile-changed")

    async def plans(self, request: Request, person: Person) -> Response:
        """Show the plans that can be chosen."""
        page = await self._finance.pricing.page(PageRequest(MOST), public_only=True)
        draft = await self._finance.invoices.draft(person.account_id)
        held = await self._plan(person, draft.now)
        return self._pages.show(
            request, "plans.html", person, plans=[prices(plan_of(row)) for row in page.items], held=held
        )

    async def choose(self, request: Request, person: Person) -> Response:
        """Choose another plan."""
        form = await sent(request, "plan")
        person.require_change()
        await self._finance.pricing.assign(person.account_id, person.actor, form["plan"], None, "now", any_plan=False)
        return see_other(PATH, note="plan-chosen")

    async def _plan(self, person: Member, now: int) -> Assignment:
        return in_force(await self._finance.pricing.held_by(person.account_id), now)

    def _profile(
        self, request: Request, person: Member, form: dict[str, str], wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        return self._pages.show(request, "billing-profile.html", person, status, form=form, trouble=wrong)


def prices(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is shown, with its prices by meter."""
    listed = [
        {
            "meter": METERS[price.meter].label,
            "included": price.included,
            "tiers": [(plain_unit(tier.unit_price), tier.up_to) for tier in price.tiers],
        }
        for price in plan.prices.values()
    ]
    return {"id": plan.id, "name": plan.name, "currency": plan.currency, "prices": listed}


def _amount(row: Invoice) -> str:
    return f"{plain(row.total)} {row.currency}"


def _checked(form: dict[str, str]) -> dict[str, str]:
    """Return the fields, held to what the REST API takes.

    Raises:
        InvalidArgument: one of them is too long or not printable.
    """
    longest = {"name": 255, "address": 1024, "email": LONGEST_EMAIL, "tax_id": 64}
    for name, most in longest.items():
        lines = form[name].split("\n") if name == "address" else [form[name]]
        if len(form[name]) > most or not all(line.isprintable() for line in lines):
            raise InvalidArgument(f"{name} has at most {most} printable characters")
    return ProfileChange(**form).model_dump(exclude_none=True)
