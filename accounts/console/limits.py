"""Limits: what the account may use, what it does use, and what its owner has raised or lowered."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, number, see_other, size
from accounts.limits.endpoints import require_owner
from accounts.limits.force import NAMES
from accounts.limits.schemas import LARGEST
from accounts.limits.service import AccountLimits, Standing
from accounts.rest.guards import Person
from accounts.roles.system import OWNER
from accounts.sessions.member import Member
from api.account import LARGEST_MESSAGE_BYTES
from api.errors import TidingsError

PATH = "/console/limits"
LABELS: Mapping[str, str] = {
    "publishes_per_second": "Publishes a second",
    "publish_bytes_per_second": "Bytes published a second",
    "subscriptions": "Subscriptions at a time",
    "message_bytes": "Bytes of a message",
    "caches": "Caches",
    "api_keys": "API keys",
}
UNKNOWN = "not counted"


class Row(NamedTuple):
    """One limit as it is shown; `percent` of it is used, or None where that is not known."""

    name: str
    label: str
    cache: str
    value: str
    source: str
    used: str
    peak: str
    refused: str
    percent: int | None


class Mistake(Exception):
    """Some fields cannot be as they were sent."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(wrong))
        self.trouble = Trouble(fields=wrong)


class LimitPages:
    """The page of limits."""

    def __init__(self, pages: Pages, limits: AccountLimits) -> None:
        self._pages = pages
        self._limits = limits

    def routes(self) -> APIRouter:
        """Return the page."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(PATH)(self.open)
        router.post(PATH)(self.change)
        return router

    async def open(self, request: Request, person: Person) -> Response:
        """Show each limit and its use."""
        return await self._show(request, person)

    async def change(self, request: Request, person: Person) -> Response:
        """Set what is filled in; what is empty is as the plan gives it."""
        form = await sent(request, *NAMES)
        require_owner(person)
        try:
            standings = await self._limits.standings(person.account_id)
            await self._limits.change(person.account_id, person.actor, wanted(form, standings))
        except Mistake as mistake:
            return await self._show(request, person, mistake.trouble, 400, form)
        except TidingsError as error:
            wrong = trouble(error, {f"{name} is": name for name in NAMES})
            return await self._show(request, person, wrong, error.http, form)
        return see_other(PATH, note="limits-changed")

    async def _show(
        self,
        request: Request,
        person: Member,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        standings = await self._limits.standings(person.account_id)
        fields = [
            (each.name, LABELS[each.name], f"The plan gives {number(each.plan)}; at most {number(each.hard)}.")
            for each in standings
            if each.cache is None
        ]
        return self._pages.show(
            request,
            "limits.html",
            person,
            status,
            rows=rows(standings),
            fields=fields,
            form=form or filled(standings),
            trouble=wrong,
            is_owner=person.role_id == OWNER,
        )


def rows(standings: Sequence[Standing]) -> Sequence[Row]:
    """Return limits as they are shown: the account's, then those of its caches."""
    return [
        Row(
            each.name,
            LABELS[each.name],
            each.cache or "",
            _amount(each.name, each.value),
            each.source,
            _amount(each.name, each.used.now),
            _amount(each.name, each.used.peak),
            UNKNOWN if each.used.refused is None else number(each.used.refused),
            None if each.used.now is None or not each.value else min(100, round(100 * each.used.now / each.value)),
        )
        for each in standings
    ]


def filled(standings: Sequence[Standing]) -> Mapping[str, str]:
    """Return the form as it is before somebody types: what the account itself has set."""
    own = [each for each in standings if each.cache is None]
    return {each.name: str(each.value) if each.source == "account" else "" for each in own}


def wanted(form: Mapping[str, str], standings: Sequence[Standing]) -> Mapping[str, int | None]:
    """Return what is to be changed, by name; None for what the plan gives.

    Raises:
        Mistake: something is no whole number, or out of bounds.
    """
    before, wrong = filled(standings), dict[str, str]()
    found: dict[str, int | None] = {}
    for name in NAMES:
        text = form[name].strip()
        least, most = (1, LARGEST_MESSAGE_BYTES) if name == "message_bytes" else (0, LARGEST)
        if text and not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
            wrong[name] = f"Must be a whole number from {least} to {number(most)}, or empty for what the plan gives."
        elif text != before[name]:
            found[name] = int(text) if text else None
    if wrong:
        raise Mistake(wrong)
    return found


def _amount(name: str, value: int | None) -> str:
    if value is None:
        return UNKNOWN
    return size(value) if "bytes" in name else number(value)
