"""Makes a report of each hour that has ended, and makes it anew when batches of that hour come late."""

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from accounts.batches import repository as batches
from accounts.batches.repository import BatchKey
from accounts.database import Database, Transaction
from accounts.paging import Page, PageRequest
from accounts.reconciliation import repository
from accounts.reconciliation.comparing import Compared, Difference, Told, Traffic, compare, told
from accounts.reconciliation.models import UsageReconciliation
from api.errors import Unavailable
from api.usage import DELIVERY, PUBLISH, Line, Unreadable, decode
from backplane.witnesses import HOUR_SECONDS, Witnessed, Witnesses

SETTLE_SECONDS = 120
"""After the end of an hour, until which routers and witnesses have said what is theirs, and the next hour has begun."""

LATEST_HOURS = 48
"""Late batches change the reports of so many hours."""

BATCHES_AT_ONCE = 500
MOST_FINDINGS = 100
HOUR_MINUTES = 60

_log = logging.getLogger(__name__)


class Billed(NamedTuple):
    """What the batches of an hour say.

    Attributes:
        publishes: By account.
        deliveries: All.
        to_clients: Those to whoever has a key or a token. What webhooks take does not go through an edge.
        routers: Of the latter.
    """

    publishes: Mapping[str, Traffic]
    deliveries: Traffic
    to_clients: Traffic
    routers: Collection[str]


class Reconciliation:
    """What was billed beside what others have counted.

    Attributes:
        different: How many hours were found to differ by more than they may, by this service.
    """

    def __init__(self, database: Database, witnesses: Witnesses, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._witnesses = witnesses
        self._now = now
        self._heard: dict[tuple[str, ...], Witnessed] = {}
        self._heard_to = int(now()) // HOUR_SECONDS - LATEST_HOURS
        self.different = 0

    async def hear(self) -> str:
        """Keep what witnesses have counted since it was heard last.

        Raises:
            Unavailable: they cannot be heard, or the database cannot be reached.
        """
        hour = int(self._now()) // HOUR_SECONDS
        hours = range(min(self._heard_to, hour - 1), hour + 1)
        counted = [each for hour in hours for each in await self._witnesses.heard(hour)]
        news = {(str(each.hour), *each.key): each for each in counted}
        changed = [each for key, each in news.items() if self._heard.get(key) != each]
        if changed:
            async with self._database.transaction() as session:
                await repository.keep(session, changed)
        self._heard, self._heard_to = news, hour
        return f"{len(changed)} of {len(counted)} counts were new"

    async def close(self) -> None:
        """Keep what was counted last; where that cannot be, it is missing from its hour."""
        try:
            await self.hear()
        except Unavailable:
            _log.warning("what storage nodes counted last could not be kept")

    async def run(self) -> str:
        """Make the reports that are missing and those that are not true any more; return what came of it."""
        end = int(self._now() - SETTLE_SECONDS) // HOUR_SECONDS
        async with self._database.reading() as session:
            first = await repository.first_hour(session, end - LATEST_HOURS)
            known = {report.hour: report for report in await repository.reports(session, end - LATEST_HOURS, end)}
            received = await repository.received(session, end - LATEST_HOURS)
        if first is None or first >= end:
            return "no hour has ended in which a storage node was there"
        stale = [hour for hour in range(first, end) if _is_stale(known.get(hour), received.get(hour, 0))]
        if not stale:
            return "all reports are made"
        made = [await self._report(hour) for hour in range(stale[0], end)]
        different = sum(report.outcome == "different" for report in made)
        self.different += different
        return f"{len(made)} hours compared, {different} of them differ by more than they may"

    async def page(self, request: PageRequest) -> Page[UsageReconciliation]:
        """Return reports, the newest first."""
        after = request.after(int)
        async with self._database.reading() as session:
            found = await repository.newest_first(session, after[0] if after else None, request.fetch)
        return request.page(found, lambda report: (report.hour,))

    async def so_far(self) -> list[UsageReconciliation]:
        """Show the hour that runs, and before it the one that has ended but is not settled yet; the newest first.

        What others have counted of them comes some seconds later than what was billed.
        """
        now = int(self._now())
        hours = range((now - SETTLE_SECONDS) // HOUR_SECONDS, now // HOUR_SECONDS + 1)
        return [await self._running(hour) for hour in reversed(hours)]

    async def _running(self, hour: int) -> UsageReconciliation:
        report, _ = await self._compared(hour, has_ended=False)
        report.outcome, report.findings = "running", "[]"
        return report

    async def _report(self, hour: int) -> UsageReconciliation:
        report, compared = await self._compared(hour)
        async with self._database.transaction() as session:
            await repository.put(session, report)
        for each in compared.findings[:MOST_FINDINGS]:
            _log.error(
                "what was billed is not what was counted elsewhere: hour %s, account %s: %s billed, %s counted",
                report.hour,
                each.account or "all",
                tuple(each.billed),
                tuple(each.stored),
            )
        return report

    async def _compared(self, hour: int, *, has_ended: bool = True) -> tuple[UsageReconciliation, Compared]:
        billed = await self._billed(hour)
        async with self._database.reading() as session:
            before, now, after = [await repository.witnessed(session, hour + step) for step in (-1, 0, 1)]
            carried = await _carried(session, hour - 1)
        seen = told(now, after, billed.routers, has_ended=has_ended)
        compared = compare(billed.publishes, billed.to_clients, seen, told(before, now), carried)
        return _row(hour, int(self._now()), billed, seen, compared), compared

    async def _billed(self, hour: int) -> Billed:
        publishes: dict[str, Traffic] = {}
        deliveries, to_clients, routers = Traffic(), Traffic(), set[str]()
        after: BatchKey | None = None
        while True:
            async with self._database.reading() as session:
                found = await batches.between(
                    session, hour * HOUR_MINUTES, (hour + 1) * HOUR_MINUTES, after, BATCHES_AT_ONCE
                )
            if not found:
                return Billed(publishes, deliveries, to_clients, routers)
            for batch in found:
                for line in _lines(batch.payload):
                    counted = Traffic(line.messages, line.bytes)
                    if line.meter == PUBLISH:
                        publishes[line.account] = publishes.get(line.account, Traffic()).plus(counted)
                    elif line.meter == DELIVERY:
                        deliveries = deliveries.plus(counted)
                        if line.principal:
                            to_clients = to_clients.plus(counted)
                            routers.add(batch.router)
            newest = found[-1]
            after = (newest.minute, newest.router, newest.boot, newest.number)


def _is_stale(report: UsageReconciliation | None, received_at: int) -> bool:
    return report is None or received_at >= report.made_at


def _lines(payload: bytes) -> Sequence[Line]:
    try:
        return decode(payload).lines
    except Unreadable:
        return ()  # `usage.verify` tells


async def _carried(session: Transaction, hour: int) -> Mapping[str, Traffic]:
    reports = await repository.reports(session, hour, hour + 1)
    return {account: Traffic(*numbers) for report in reports for account, numbers in json.loads(report.carried).items()}


def _row(hour: int, now: int, billed: Billed, seen: Told, compared: Compared) -> UsageReconciliation:
    mine = _sum(billed.publishes)
    theirs = _sum(seen.stored)
    return UsageReconciliation(
        hour=hour,
        made_at=now,
        outcome=compared.outcome,
        accounts=len({*billed.publishes, *seen.stored}),
        publishes_billed=mine.messages,
        publishes_stored=theirs.messages,
        publish_bytes_billed=mine.bytes,
        publish_bytes_stored=theirs.bytes,
        deliveries_billed=billed.deliveries.messages,
        delivery_bytes_billed=billed.deliveries.bytes,
        bytes_sent=seen.bytes_sent,
        vanished=json.dumps(sorted(seen.vanished)),
        findings=json.dumps([_finding(each) for each in compared.findings[:MOST_FINDINGS]]),
        carried=json.dumps(compared.carried),
    )


def _finding(found: Difference) -> dict[str, int | str | None]:
    return {
        "account_id": found.account or None,
        "billed_messages": found.billed.messages,
        "billed_bytes": found.billed.bytes,
        "counted_messages": found.stored.messages,
        "counted_bytes": found.stored.bytes,
        "difference_messages": found.difference.messages,
        "difference_bytes": found.difference.bytes,
    }


def _sum(traffic: Mapping[str, Traffic]) -> Traffic:
    """Return that of all accounts."""
    total = Traffic()
    for each in traffic.values():
        total = total.plus(each)
    return total
