"""REST: the audit log of an account for its members, and of all accounts for operators of the installation."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from accounts.audit.log import AuditLog
from accounts.audit.models import AuditEntry
from accounts.audit.repository import Sought
from accounts.audit.schemas import AuditEntries, AuditEntryInfo
from accounts.billing.periods import iso
from accounts.exports.rows import Cells
from accounts.exports.text import Csv, JsonLines
from accounts.operators.guard import ByOperator
from accounts.paging import PageRequest
from accounts.rest.descriptions import file
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.rest.schemas import PRINTABLE
from accounts.usage.calendar import zone
from accounts.usage.reports import Reports, minute_of

COLUMNS = (
    "entry_id",
    "at",
    "account_id",
    "actor_kind",
    "actor_id",
    "address",
    "action",
    "target",
    "request_id",
    "before",
    "after",
)
UTC = ZoneInfo("UTC")

Format = Annotated[Literal["csv", "jsonl"], Query(alias="format", description="Of the file.")]
Id = Annotated[str, Query(max_length=255, pattern=PRINTABLE)]
Time = Annotated[str | None, Query(max_length=40, description="A date or a time; local without a zone.")]


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the log is asked for; times as they were sent."""

    sought: Sought
    start: str | None
    end: str | None

    def within(self, account_id: str | None, time_zone: ZoneInfo) -> Sought:
        """Return it for an account's log, or for all of them.

        Raises:
            InvalidArgument: a time cannot be read.
        """
        start = None if self.start is None else minute_of("from", self.start, time_zone) * 60
        end = None if self.end is None else minute_of("to", self.end, time_zone) * 60
        return replace(self.sought, account_id=account_id, start=start, end=end)


def _filter(
    action: Annotated[Id, Query(description="One, such as `cache.created`, or a noun, such as `cache`.")] = "",
    actor: Annotated[Id, Query(description="The id of a user, a key or an operator.")] = "",
    target: Annotated[Id, Query(description="The id, or the name, of what was changed.")] = "",
    start: Annotated[Time, Query(alias="from")] = None,
    end: Annotated[Time, Query(alias="to")] = None,
) -> Filter:
    return Filter(Sought(action=action, actor=actor, target=target), start, end)


Filtered = Annotated[Filter, Depends(_filter)]


def routes(log: AuditLog, reports: Reports) -> APIRouter:
    """Return the endpoints for members of an account."""
    router = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=LateRoute)

    async def sought(account_id: str, wanted: Filter) -> Sought:
        return wanted.within(account_id, zone(await reports.time_zone(account_id)))

    @router.get("")
    async def search(member: AnyMember, wanted: Filtered, paging: Paging) -> AuditEntries:
        """List the changes of the account, the newest first."""
        return await _listed(log, await sought(member.account_id, wanted), paging)

    @router.get("/export", response_class=StreamingResponse, responses=file("text/csv", JsonLines.media_type))
    async def export(member: AnyMember, wanted: Filtered, form: Format = "csv") -> StreamingResponse:
        """Export the changes of the account, the newest first, however many there are."""
        return _streamed(log, await sought(member.account_id, wanted), form, f"audit-{member.account_id}")

    return router


def operator_routes(log: AuditLog) -> APIRouter:
    """Return the endpoints for operators of the installation; times without a zone are of UTC."""
    router = APIRouter(prefix="/v1/admin/audit", tags=["operators"], route_class=LateRoute)

    @router.get("")
    async def search_all(_: ByOperator, wanted: Filtered, paging: Paging, account_id: Id = "") -> AuditEntries:
        """List the changes of all accounts and of the installation, the newest first."""
        return await _listed(log, wanted.within(account_id or None, UTC), paging)

    @router.get("/export", response_class=StreamingResponse, responses=file("text/csv", JsonLines.media_type))
    async def export_all(
        _: ByOperator, wanted: Filtered, account_id: Id = "", form: Format = "csv"
    ) -> StreamingResponse:
        """Export the changes of all accounts and of the installation, the newest first."""
        return _streamed(log, wanted.within(account_id or None, UTC), form, "audit")

    return router


async def _listed(log: AuditLog, sought: Sought, paging: PageRequest) -> AuditEntries:
    page = await log.search(sought, paging)
    return AuditEntries(entries=[AuditEntryInfo.of(entry) for entry in page.items], next_token=page.next_token)


def _streamed(log: AuditLog, sought: Sought, form: Literal["csv", "jsonl"], name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
    media_type = Csv.media_type if form == "csv" else JsonLines.media_type
    return StreamingResponse(_rows(log, sought, form), media_type=media_type, headers=headers)


async def _rows(log: AuditLog, sought: Sought, form: Literal["csv", "jsonl"]) -> AsyncIterator[bytes]:
    csv = Csv(COLUMNS, {"entry_id"})
    if form == "csv":
        yield csv.begin()
    async for entries in log.pages(sought):
        if form == "csv":
            yield csv.rows([_cells(entry) for entry in entries])
        else:
            yield "".join(f"{AuditEntryInfo.of(entry).model_dump_json()}\n" for entry in entries).encode()


def _cells(entry: AuditEntry) -> Cells:
    told = AuditEntryInfo.of(entry)
    texts: dict[str, str | int | None] = {name: getattr(told, name) for name in COLUMNS if hasattr(told, name)}
    changed = {name: None if (was := getattr(told, name)) is None else json.dumps(was) for name in ("before", "after")}
    return {**texts, "at": iso(told.at_epoch_seconds), **changed}
