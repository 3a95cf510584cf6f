"""Makes the exports that are due: one file for each day or month, under a name that is the same whenever it is made.

So a run that dies in the middle, or is done by two services, leaves the same files.
"""

import logging
from collections import deque
from collections.abc import Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.audit import Actor
from accounts.billing.periods import SHORTEST_SECONDS, Period
from accounts.billing.settings import BillingSettings
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.export_schedules import periods, repository
from accounts.export_schedules.destinations import Destination
from accounts.export_schedules.models import ExportSchedule
from accounts.export_schedules.wanted import Wanted, named, opened
from accounts.exports.service import Exports
from accounts.identifiers import new_id
from accounts.pricing import repository as pricing_rows
from accounts.tenants import repository as tenants
from accounts.usage.calendar import zone
from accounts.usage.reports import minute_of
from api.errors import InvalidArgument, NotFound, TidingsError

MOST_SCHEDULES = 20
FILES_AT_ONCE = 100
UNKNOWN = "internal error; the log of the installation says more"
UTC = ZoneInfo("UTC")

_log = logging.getLogger(__name__)


class Schedules:
    """The schedules of all accounts."""

    def __init__(
        self,
        database: Database,
        clocks: Clocks,
        exports: Exports,
        settings: BillingSettings,
        destination: Destination | None,
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._exports = exports
        self._settings = settings
        self.destination = destination

    async def make(self, account_id: str, actor: Actor, wanted: Wanted) -> ExportSchedule:
        """Have exports made from the day or month on that runs.

        Raises:
            InvalidArgument: this cannot be exported so, nowhere, or there are too many.
        """
        wanted.check()
        if self.destination is None:
            raise InvalidArgument("this installation keeps no exports; its operator sets TIDINGS_EXPORTS_TO")
        async with self._database.transaction() as session:
            await tenants.get_alone(session, account_id)
            if len(await repository.of_account(session, account_id)) >= MOST_SCHEDULES:
                raise InvalidArgument(f"an account has at most {MOST_SCHEDULES} schedules; delete one first")
            row = ExportSchedule(
                id=new_id("sched"), account_id=account_id, newest_at=None, next_start=0, due_at=0, **wanted._asdict()
            )
            now = await self._clocks.now(session, account_id)
            await self._set_next(session, row, await self._begins(session, row, now // 60))
            repository.add(session, row)
            audit.record(session, actor, account_id, "export_schedule.made", row.id, after=wanted._asdict())
        return row

    async def list(self, account_id: str) -> Sequence[ExportSchedule]:
        """Return the schedules of an account, the oldest first."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id)

    async def read(self, account_id: str, schedule_id: str) -> ExportSchedule:
        """Return a schedule.

        Raises:
            NotFound: the account has none of this id.
        """
        async with self._database.reading() as session:
            return await _found(session, account_id, schedule_id)

    async def remove(self, account_id: str, actor: Actor, schedule_id: str) -> None:
        """Make no more of these exports; files that were made stay.

        Raises:
            NotFound: the account has none of this id.
        """
        async with self._database.transaction() as session:
            row = await _found(session, account_id, schedule_id)
            await repository.remove(session, row)
            before = {name: getattr(row, name) for name in Wanted._fields}
            audit.record(session, actor, account_id, "export_schedule.removed", row.id, before=before)

    async def again(self, account_id: str, actor: Actor, schedule_id: str, start: str) -> ExportSchedule:
        """Make the exports once more from the day or month on that a time lies in.

        Raises:
            NotFound: the account has none of this id.
            InvalidArgument: the time cannot be read, or has not come yet.
        """
        async with self._database.transaction() as session:
            row = await _found(session, account_id, schedule_id)
            minute = minute_of("from", start, await self._zone(session, row))
            if minute * 60 > await self._clocks.now(session, account_id):
                raise InvalidArgument("'from' has not come yet")
            before = {"next_start": row.next_start}
            await self._set_next(session, row, await self._begins(session, row, minute))
            after = {"next_start": row.next_start}
            audit.record(session, actor, account_id, "export_schedule.rewound", row.id, before=before, after=after)
        return row

    async def run_due(self) -> str:
        """Make all exports that are due, one of each schedule in turn. A job of the fleet; it may die anywhere."""
        made, failed = 0, 0
        async with self._database.reading() as session:
            due = deque([row.id for row in await repository.due(session, self._clocks.everywhere())])
        while due and made < FILES_AT_ONCE:
            schedule_id = due.popleft()
            try:
                if await self._make_next(schedule_id):
                    made += 1
                    due.append(schedule_id)
            except TidingsError as reason:
                _log.warning("a scheduled export was not made: %s", reason.message)
                failed += 1
                await self._note(schedule_id, problem=reason.message[:255])
            except Exception:  # noqa: BLE001 - one schedule must not keep the others from their files
                _log.exception("an export of schedule '%s' could not be made", schedule_id)
                failed += 1
                await self._note(schedule_id, problem=UNKNOWN)
        return f"{made} files" + (f", {failed} schedules failed" if failed else "")

    async def _make_next(self, schedule_id: str) -> bool:
        """Make the next export of a schedule; return whether one was due."""
        async with self._database.reading() as session:
            row = await repository.by_id(session, schedule_id)
            span = None if row is None else await self._due(session, row)
            if row is None or self.destination is None or span is None:
                return False
        export = await opened(self._exports, row, span.start, span.end)
        name = named(row, span.label, export.writer.suffix)
        written = 0

        async def wrote(rows: int) -> None:
            nonlocal written
            written += rows
            await self._note(schedule_id, rows=written)

        await wrote(0)
        await self.destination.put(name, export.told(wrote))
        async with self._database.transaction() as session:
            kept = await repository.by_id(session, schedule_id)
            if kept is not None and kept.next_start == row.next_start:
                kept.newest, kept.problem = name, ""
                kept.newest_at = await self._clocks.now(session, row.account_id)
                await self._set_next(session, kept, span.end)
        return True

    async def _due(self, session: Transaction, row: ExportSchedule) -> periods.Span | None:
        """Return what the next export of a schedule is of; None where it is not due."""
        if row.due_at > await self._clocks.now(session, row.account_id):
            return None
        in_zone = await self._zone(session, row)
        end = periods.ends(row.every, row.next_start, in_zone)
        span = periods.Span(row.next_start, end, periods.label(row.every, row.next_start, in_zone))
        if row.what == "usage":
            return span
        billed = await _billed(session, row.account_id, row.next_start)
        if billed is not None and billed.start > row.next_start:  # before the account's first month
            return span._replace(end=min(end, billed.start))
        return billed  # until it is there the month has no charges

    async def _begins(self, session: Transaction, row: ExportSchedule, minute: int) -> int:
        """Return when the day or month began that a minute lies in; of charges it is the month as it was billed."""
        begins = periods.begins(row.every, minute, await self._zone(session, row))
        if row.what == "usage":
            return begins
        billed = await _billed(session, row.account_id, minute)
        if billed is not None:
            return billed.start if billed.start <= minute else begins
        last = await pricing_rows.last_closed(session, row.account_id)
        return begins if last is None else max(begins, last.end // 60)

    async def _set_next(self, session: Transaction, row: ExportSchedule, start: int) -> None:
        row.next_start = start
        row.due_at = periods.ends(row.every, start, await self._zone(session, row)) * 60 + self._delay(row)

    def _delay(self, row: ExportSchedule) -> int:
        return periods.SETTLE_SECONDS + (0 if row.what == "usage" else self._settings.close_delay_seconds)

    async def _zone(self, session: Transaction, row: ExportSchedule) -> ZoneInfo:
        """Return UTC for usage, whose steps are of UTC; for charges the zone of the account's months."""
        return UTC if row.what == "usage" else zone(await tenants.time_zone(session, row.account_id))

    async def _note(self, schedule_id: str, rows: int | None = None, problem: str | None = None) -> None:
        async with self._database.transaction() as session:
            row = await repository.by_id(session, schedule_id)
            if row is not None:
                row.rows = row.rows if rows is None else rows
                row.problem = row.problem if problem is None else problem


async def _billed(session: Transaction, account_id: str, minute: int) -> periods.Span | None:
    """Return the first month, as it was billed, that ends after a minute.

    What an older version has billed as a month of its own, the hours after a move, is part of the one with its label.
    """
    rows = await pricing_rows.closed_since(session, account_id, minute * 60 - SHORTEST_SECONDS)
    for label, same in groupby(rows, lambda each: Period(each.start, each.end, each.zone).label):
        first, *_, last = [bound // 60 for each in same for bound in (each.start, each.end)]
        if last > minute:
            return periods.Span(first, last, label)
    return None


async def _found(session: Transaction, account_id: str, schedule_id: str) -> ExportSchedule:
    row = await repository.get(session, account_id, schedule_id)
    if row is None:
        raise NotFound(f"export schedule '{schedule_id}' does not exist")
    return row
