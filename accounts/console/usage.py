"""What was used: a chart and the table of its figures, by day, hour or minute, by meter, cache or key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from accounts.console.charts import Chart, columns
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, url
from accounts.rest.guards import Person
from accounts.usage.reports import GroupBy, Question, Report, Reports, Row
from accounts.usage.service import Granularity

PATH = "/console/usage"


class Span(NamedTuple):
    """A time that ends now, in pieces."""

    name: str
    length: timedelta
    granularity: Granularity
    form: str


SPANS: dict[str, Span] = {
    "hour": Span("Last hour", timedelta(hours=1), "minute", "%H:%M"),
    "day": Span("Last 24 hours", timedelta(hours=24), "hour", "%H:%M"),
    "month": Span("Last 30 days", timedelta(days=30), "day", "%d %b"),
    "year": Span("Last 12 months", timedelta(days=360), "month", "%b %Y"),
}
MEASURES = {"operations": "Operations", "messages": "Messages", "bytes": "Bytes"}
GROUPS = {"meter": "Meter", "cache": "Cache", "key": "API key"}
_GROUPS_ASKED: dict[str, tuple[GroupBy, ...]] = {"cache": ("cache",), "key": ("api_key",)}
COUNTED = ("publish", "delivery")
REFUSED = "refused."


def routes(pages: Pages, reports: Reports) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(PATH)
    async def usage(
        request: Request, person: Person, span: str = "month", measure: str = "operations", by: str = "meter"
    ) -> Response:
        span = span if span in SPANS else "month"
        measure = measure if measure in MEASURES else "operations"
        by = by if by in GROUPS else "meter"
        report = await reports.report(person.account_id, question(span, by))
        chosen = SPANS[span]
        return pages.show(
            request,
            "usage.html",
            person,
            chart=chart(report, span, measure, by),
            refusals=refusals(report.rows),
            time_zone=report.time_zone,
            spans=[(id, each.name) for id, each in SPANS.items()],
            measures=list(MEASURES.items()),
            groups=list(GROUPS.items()),
            span=span,
            measure=measure,
            by=by,
            exports=exports(report, chosen.granularity),
        )

    return router


def exports(report: Report, granularity: Granularity) -> list[tuple[str, str]]:
    """Return the addresses at which the time of a report can be had as a file."""
    wanted = {"from": report.start.isoformat(), "granularity": "day" if granularity == "month" else granularity}
    return [
        (name, url("/v1/exports/usage", format=form, **wanted))
        for name, form in (("CSV", "csv"), ("JSON Lines", "jsonl"))
    ]


def question(span: str, by: str = "meter", cache: str | None = None) -> Question:
    """Return what is to be asked for a span of time."""
    chosen = SPANS[span]
    return Question(chosen.granularity, last=chosen.length, group_by=_GROUPS_ASKED.get(by, ()), cache=cache)


def chart(report: Report, span: str, measure: str, by: str = "meter") -> Chart:
    """Return the chart of a report: what was published and delivered."""
    starts = _starts(report, SPANS[span].granularity)
    places = {start: place for place, start in enumerate(starts)}
    figures: dict[str, list[int]] = {}
    for row in report.rows:
        if row.meter in COUNTED and row.start in places:
            name = {"meter": row.meter, "cache": row.cache or "a cache that is gone", "key": row.api_key or "no key"}[
                by
            ]
            known = figures.setdefault(name, [0] * len(starts))
            known[places[row.start]] += getattr(row.counts, measure)
    return columns([start.strftime(SPANS[span].form) for start in starts], figures)


def refusals(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Return how many requests were refused, by reason, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.meter.startswith(REFUSED):
            reason = row.meter.removeprefix(REFUSED).replace("_", " ")
            counts[reason] = counts.get(reason, 0) + row.counts.messages
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _starts(report: Report, granularity: Granularity) -> list[datetime]:
    """Return when each piece of the report's time begins, in its zone; also of pieces without usage."""
    starts: list[datetime] = []
    moment = report.start
    while moment < report.end:
        starts.append(moment)
        moment = _after(moment, granularity)
    return starts


def _after(moment: datetime, granularity: Granularity) -> datetime:
    match granularity:
        case "minute":
            return (moment.astimezone(UTC) + timedelta(minutes=1)).astimezone(moment.tzinfo)
        case "hour":
            return (moment.astimezone(UTC) + timedelta(hours=1)).astimezone(moment.tzinfo)
        case "day":
            return moment + timedelta(days=1)
        case "month":
            return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
