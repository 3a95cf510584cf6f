"""Adds everything up again from the batches of routers, and names what differs from the sums that bills are made of."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounts.batches import repository
from accounts.batches.chain import Chain, Finding
from accounts.batches.models import UsageBoot
from accounts.batches.repository import BATCHES, Sealed
from accounts.batches.service import believed
from accounts.clocks import repository as clocks
from accounts.database import Database, Transaction
from accounts.usage import repository as usage
from accounts.usage.adding import Place, Sums, by_key, coarser, peaks, peaks_in, peaks_of_minutes, quantities
from accounts.usage.levels import DAY, HOUR, MINUTE, QUARTER, floor
from accounts.usage.models import ALL
from accounts.usage.repository import Counts
from api.usage import Line, Unreadable, batch_id, decode

BATCHES_AT_ONCE = 200
MOST_FINDINGS = 1000
RECENT_MINUTES = 2 * DAY

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Verdict:
    """What came of it.

    Attributes:
        findings: What is wrong, no more than `MOST_FINDINGS`; empty where everything is right.
        open_boots: Boots that have not said that they have ended: those that run, and those whose disk is lost.
    """

    batches: int = 0
    minutes: int = 0
    boots: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    open_boots: list[str] = field(default_factory=list[str])

    def add(self, findings: Iterable[Finding]) -> None:
        """Take findings, as far as there is room."""
        self.findings += findings
        del self.findings[MOST_FINDINGS:]


class Verifier:
    """Checks the chains of batches and all sums. It reads only, and a service may count meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self, since: int = 0) -> Verdict:
        """Check everything that is kept, or what is from a minute of the epoch or a later one.

        Raises:
            Unavailable: the database cannot be reached.
        """
        verdict = Verdict()
        await self._chains(verdict, since)
        at = floor(since, DAY)
        while True:
            async with self._database.reading() as session:
                hour = await self._next_hour(session, at)
                if hour is None:
                    break
                await self._hour(session, hour, verdict)
            at = hour + HOUR
        await self._days(verdict, floor(since, DAY))
        return verdict

    async def _chains(self, verdict: Verdict, since: int) -> None:
        async with self._database.reading() as session:
            boots = [boot for boot in await repository.boots(session) if boot.seen_at >= since * 60]
        for boot in boots:
            async with self._database.reading() as session:
                first = await repository.first_since(session, boot.router, boot.boot, since) if since else None
            await self._chain(boot, verdict, boot.pruned_to if first is None else first - 1)
            verdict.boots += 1
            if boot.last is None:
                verdict.open_boots.append(f"{boot.router}/{boot.boot}")

    async def _chain(self, boot: UsageBoot, verdict: Verdict, number: int) -> None:
        """Follow the batches of a boot above a number."""
        chain = Chain(boot.router, boot.boot, number)
        while True:
            async with self._database.reading() as session:
                batches = await repository.of_boot(
                    session, boot.router, boot.boot, number, boot.newest, BATCHES_AT_ONCE
                )
            if not batches:
                break
            verdict.add(chain.follow(batches))
            verdict.batches += len(batches)
            number = batches[-1].number
        verdict.add(chain.end(boot.newest))

    async def _next_hour(self, session: Transaction, minute: int) -> int | None:
        found = [await usage.next_minute(session, step, minute) for step in (MINUTE, QUARTER, HOUR)]
        found += [await repository.next_minute(session, minute), await clocks.next_placement(session, minute)]
        return min((floor(each, HOUR) for each in found if each is not None), default=None)

    async def _hour(self, session: Transaction, start: int, verdict: Verdict) -> None:
        end, pruned = start + HOUR, await usage.pruned(session)
        kept = {step: await usage.rows(session, step, start, end) for step in (MINUTE, QUARTER, HOUR)}
        if start >= pruned.get(BATCHES, 0):
            detail = await self._counted(session, start, end, verdict)
        elif start >= pruned.get(MINUTE, 0):
            detail = _of_principals(kept[MINUTE])
        else:
            return
        verdict.minutes += len({minute for _, minute in detail})
        for step, expected in _expected(detail).items():
            if step in kept and start >= pruned.get(step, 0):
                verdict.add(_differences(step, expected, kept[step]))

    async def _days(self, verdict: Verdict, at: int) -> None:
        while True:
            async with self._database.reading() as session:
                found = [await usage.next_minute(session, step, at) for step in (HOUR, DAY)]
                day = min((floor(each, DAY) for each in found if each is not None), default=None)
                if day is None:
                    break
                pruned = await usage.pruned(session)
                hours = await usage.rows(session, HOUR, day, day + DAY)
                days = await usage.rows(session, DAY, day, day + DAY)
            if day >= max(pruned.get(HOUR, 0), pruned.get(DAY, 0)):
                verdict.add(_differences(DAY, coarser(hours, DAY), days))
            at = day + DAY

    async def _counted(self, session: Transaction, start: int, end: int, verdict: Verdict) -> Sums:
        """Return what batches say of the minutes of an hour. Accounts with a test clock have theirs elsewhere."""
        detail: Sums = {}
        after = None
        while batches := await repository.between(session, start, end, after, BATCHES_AT_ONCE):
            verdict.add(_misplaced(batches))
            _take(detail, await self._in_their_minutes(session, batches))
            newest = batches[-1]
            after = (newest.minute, newest.router, newest.boot, newest.number)
        for placement in await clocks.placements(session, start, end):
            batch = await repository.batch(session, placement.router, placement.boot, placement.number)
            if batch is not None:
                mine = [line for line in _lines(batch.payload) if line.account == placement.account_id]
                _take(detail, [(placement.minute, placement.router, line) for line in mine])
        return detail

    async def _in_their_minutes(
        self, session: Transaction, batches: Sequence[Sealed]
    ) -> Sequence[tuple[int, str, Line]]:
        placements = await clocks.placements_of(session, [batch[:3] for batch in batches])
        moved = {(each.router, each.boot, each.number, each.account_id) for each in placements}
        return [
            (batch.minute, batch.router, line)
            for batch in batches
            for line in _lines(batch.payload)
            if (*batch[:3], line.account) not in moved
        ]


def _take(detail: Sums, counted: Sequence[tuple[int, str, Line]]) -> None:
    for place, counts in by_key(counted).items():
        detail[place] = counts.plus(detail.get(place, Counts()))


def _expected(detail: Sums) -> dict[int, Sums]:
    steps = quantities(detail)
    steps[MINUTE] |= {place: detail[place] for place in peaks_in(detail)}
    for step, sums in peaks(peaks_of_minutes(detail)).items():
        steps[step] |= sums
    return steps


def _of_principals(rows: Mapping[Place, Counts]) -> Sums:
    return {place: counts for place, counts in rows.items() if place[0].principal != ALL}


def _lines(payload: bytes) -> Sequence[Line]:
    try:
        return decode(payload).lines
    except Unreadable:
        return ()  # its chain tells


def _misplaced(batches: Iterable[Sealed]) -> Iterator[Finding]:
    for batch in batches:
        try:
            minute = believed(decode(batch.payload).minute, batch.received_at)
        except Unreadable:
            continue
        if batch.minute != minute:
            where = batch_id(*batch[:3])
            yield Finding("altered", where, f"it is counted in {_time(batch.minute)} and is from {_time(minute)}")


def _differences(step: int, expected: Mapping[Place, Counts], kept: Mapping[Place, Counts]) -> Iterator[Finding]:
    for place in sorted({*expected, *kept}):
        parts, whole = expected.get(place, Counts()), kept.get(place, Counts())
        key, minute = place
        if parts != whole and not _may_lack(step, key.principal, parts, whole):
            names = [name for name in Counts._fields if getattr(parts, name) != getattr(whole, name)]
            told = ", ".join(f"{name} is {getattr(whole, name)} and not {getattr(parts, name)}" for name in names)
            where = f"account {key.account_id}, cache {key.cache_id or '-'}, {key.meter}, {key.principal or '-'}"
            yield Finding("different", f"{where}, {step} min from {_time(minute)}", told)


def _may_lack(step: int, principal: str, parts: Counts, whole: Counts) -> bool:
    """Return whether less is no error: older versions kept no quarters of principals, and such ones are not read."""
    of_principal = step == QUARTER and principal != ALL
    return of_principal and all(there <= due for there, due in zip(whole, parts, strict=True))


def _time(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%MZ")


class Watch:
    """Verifies what is recent, again and again, and tells the log."""

    def __init__(self, verifier: Verifier, now: Callable[[], float] = time.time) -> None:
        self._verifier = verifier
        self._now = now

    async def run(self) -> str:
        """Verify the last two days, and return what came of it."""
        verdict = await self._verifier.verify(int(self._now()) // 60 - RECENT_MINUTES)
        for finding in verdict.findings:
            _log.error("usage is not proved: %s", finding)
        return f"{verdict.batches} batches of {verdict.boots} boots, {len(verdict.findings)} findings"
