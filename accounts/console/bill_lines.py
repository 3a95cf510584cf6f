"""What a line of an invoice, or of a month that runs, is made of: its hours, their minutes, and the batches of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from accounts.billing.meters import METERS
from accounts.billing.statement import Line
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, url
from accounts.finance import Finance
from accounts.invoices.endpoints import Epoch
from accounts.invoices.explaining import DRAFT, Piece, Source
from accounts.invoices.wording import description
from accounts.rest.guards import Person
from api.usage import batch_id

PATH = "/console/billing/line"


class Place(NamedTuple):
    """A line of an invoice, an hour of it, or a minute of that, in epoch seconds."""

    invoice_id: str
    number: int
    hour: int | None = None
    minute: int | None = None

    @property
    def path(self) -> str:
        """Where its page is."""
        return url(PATH, id=self.invoice_id, number=self.number, **self._times())

    @property
    def api_path(self) -> str:
        """Where the REST API has the same."""
        return url(f"/v1/invoices/{self.invoice_id}/lines/{self.number}/usage", **self._times())

    def within(self, start: int) -> "Place":
        """Return the hour or the minute of it that begins then."""
        return self._replace(hour=start) if self.hour is None else self._replace(minute=start)

    def _times(self) -> dict[str, int]:
        return {name: at for name, at in (("hour", self.hour), ("minute", self.minute)) if at is not None}


class Link(NamedTuple):
    """A way to another page."""

    text: str
    path: str


def line_path(invoice_id: str, number: int, line: Line) -> str:
    """Return where a line is explained, or an empty text for one that is not for usage."""
    return Place(invoice_id, number).path if line.meter in METERS else ""


class BillLinePages:
    """The pages below an invoice."""

    def __init__(self, pages: Pages, finance: Finance) -> None:
        self._pages = pages
        self._finance = finance

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(PATH)(self.line)
        return router

    async def line(
        self, request: Request, person: Person, id: str, number: int, hour: Epoch = None, minute: Epoch = None
    ) -> Response:
        """Show the hours of a line, the minutes of one of them, or the batches of one minute."""
        account, explanations = person.account_id, self._finance.explanations
        place = Place(id, number, hour, minute)
        line, meter = await explanations.line(account, id, number)
        invoice, currency = await self._invoice(account, id)
        pieces: Sequence[Piece] = []
        batches: Sequence[Source] = []
        if minute is not None:
            batches = await explanations.sources(account, meter, minute // 60)
        elif hour is not None:
            pieces = await explanations.minutes(account, line, meter, hour)
        else:
            pieces = await explanations.hours(account, line, meter)
        zone = ZoneInfo(line.period.zone)
        return self._pages.show(
            request,
            "bill-line.html",
            person,
            place=place,
            description=description(line, currency),
            unit=meter.unit,
            crumbs=_above(place, invoice, zone),
            time=_time(minute if minute is not None else hour or 0, zone),
            rows=[(Link(_time(each.start, zone), place.within(each.start).path), each.units) for each in pieces],
            batches=[(batch_id(each.router, each.boot, each.number), each) for each in batches],
        )

    async def _invoice(self, account: str, id: str) -> tuple[Link | None, str]:
        """Return the way to an invoice, which the month that runs has not yet, and the currency."""
        if id.startswith(DRAFT):
            return None, id.removeprefix(DRAFT)
        row, _ = await self._finance.invoices.read(account, id)
        return Link(self._finance.invoices.shown_number(row), url("/console/billing/invoice", id=id)), row.currency


def _above(place: Place, invoice: Link | None, zone: ZoneInfo) -> list[Link]:
    """Return the way back, from the top."""
    way = [Link("Billing", "/console/billing"), *([] if invoice is None else [invoice])]
    if place.hour is not None or place.minute is not None:
        way.append(Link(f"Line {place.number}", Place(place.invoice_id, place.number).path))
    if place.hour is not None and place.minute is not None:
        way.append(Link(_time(place.hour, zone), place._replace(minute=None).path))
    return way


def _time(at: int, zone: ZoneInfo) -> str:
    """Return a local time; with the zone's name of it, which tells the two hours apart that a clock shows twice."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M %Z")
