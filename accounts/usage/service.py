"""Adds up what was used, and tells what was used in a time, exactly."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from accounts.database import Transaction
from accounts.usage import repository
from accounts.usage.adding import Place, added, by_key, peaks, peaks_in, quantities
from accounts.usage.calendar import midnight, months, stretches
from accounts.usage.levels import DAY, HOUR, MINUTE, OF_ALL, QUARTER, SURE, Span, coarsest, cover, floor
from accounts.usage.models import ALL, Sums
from accounts.usage.repository import Counts, Found, SeriesKey
from accounts.usage.scope import Scope
from api.usage import Line

Granularity = Literal["minute", "hour", "day", "month"]

_LENGTHS: Mapping[str, int] = {"minute": MINUTE, "hour": HOUR, "day": DAY}
_REMEMBERED_SERIES = 100_000
_EPOCH = date(1970, 1, 1).toordinal()


class Used(NamedTuple):
    """What was used in a piece of time.

    Attributes:
        start: Minutes of the epoch; where the piece is cut off by the time that was asked for, that time's start.
        cache_id: Empty where caches are not told apart, and for what concerns none.
        principal: As in `api.usage.Line`; empty where principals are not told apart, and for what has none.
    """

    start: int
    meter: str
    cache_id: str
    principal: str
    counts: Counts


class Usage:
    """The usage of all accounts, added up in steps.

    Every sum is exact: sums of all steps change in the transaction that keeps what they are made of.
    """

    def __init__(self) -> None:
        self._series: dict[SeriesKey, int] = {}

    def forget_series(self) -> None:
        """Look all series up anew: one that is remembered may have been deleted with the last of its sums."""
        self._series.clear()

    async def record(self, session: Transaction, counted: Iterable[tuple[int, str, Line]]) -> None:
        """Add what was counted: the minute, the router that did, and the line.

        The caller sees to it that nothing is recorded twice, in the same transaction.
        """
        detail = by_key(counted)
        routers = peaks_in(detail)
        steps = quantities(detail)
        steps[MINUTE] |= {place: detail[place] for place in routers}
        ids = await self._ids(session, {key for sums in steps.values() for key, _ in sums})
        for step, sums in steps.items():
            await _add_up(session, step, ids, sums)
        if routers:
            await self._raise_peaks(session, routers)

    async def totals(self, session: Transaction, scope: Scope, start: int, end: int) -> Sequence[Used]:
        """Return what was used from `start` to before `end`, in minutes of the epoch, by meter and `scope.by`.

        Of peaks that is the highest in the time; all that follows it in a `Counts` is added up.
        """
        found: list[Found] = []
        for span in cover(start, end, _sure(scope), start):
            found += await repository.sums(session, scope, span)
        return _merged((each.piece, each) for each in found)

    async def pieces(
        self, session: Transaction, scope: Scope, start: int, end: int, granularity: Granularity, zone: ZoneInfo
    ) -> Sequence[Used]:
        """Return what `totals` does, for each minute, or hour, day or month of a time zone.

        Pieces without usage are left out.
        """
        found: list[Found] = []
        for span in await self.spans(session, scope, start, end, granularity, zone):
            found += await repository.sums(session, scope, span)
        starts = {number: start_of(number, granularity, zone, start) for number in {each.piece for each in found}}
        return _merged((starts[each.piece], each) for each in found)

    async def spans(
        self, session: Transaction, scope: Scope, start: int, end: int, granularity: Granularity, zone: ZoneInfo
    ) -> Sequence[Span]:
        """Return what is to be read for `pieces`: sums of the largest steps that hold all there is."""
        if granularity == "month":
            steps = _sure(scope)
            return [span for first, last in months(start, end, zone) for span in cover(first, last, steps, first)]
        length = _LENGTHS[granularity]
        spans: list[Span] = []
        for first, last, ahead in stretches(start, end, zone):
            step = coarsest(OF_ALL, first, last, ahead, length)
            if step == QUARTER and scope.of_principals:
                step = await _quarters_or_minutes(session, scope, first, last)
            # A day in which the clocks change lies in two stretches; it is one piece.
            back, number = (0, 0) if granularity == "day" else (ahead, first)
            spans.append(Span(step, first, last, length, ahead, back, number))
        return spans

    async def _ids(self, session: Transaction, keys: Collection[SeriesKey]) -> dict[SeriesKey, int]:
        missing = sorted(key for key in keys if key not in self._series)
        known, made = await repository.series_ids(session, missing)
        ids = {key: self._series[key] for key in keys if key in self._series} | {**known, **made}
        if len(self._series) > _REMEMBERED_SERIES:
            self._series.clear()
        self._series |= known  # and not those that are made in a transaction which may fail
        return ids

    async def _raise_peaks(self, session: Transaction, places: Collection[Place]) -> None:
        """Take the peaks of all routers together, which the rows of the minutes hold, into all steps."""
        of_all = {(key._replace(principal=ALL), minute) for key, minute in places}
        ids = await self._ids(session, {key for key, _ in of_all})
        # So that of two services one waits, and sees the other's peaks.
        await _add_up(session, MINUTE, ids, dict.fromkeys(of_all, Counts()))
        found = await repository.peaks_of_routers(session, [(key[0], key[1], minute) for key, minute in of_all])
        highest = {(key, minute): Counts(peak=found[key[0], key[1], minute]) for key, minute in of_all}
        for step, sums in peaks(highest).items():
            await _add_up(session, step, ids, sums)


async def _add_up(session: Transaction, step: int, ids: Mapping[SeriesKey, int], sums: Mapping[Place, Counts]) -> None:
    tables = repository.TABLES[step]
    rows: dict[type[Sums], dict[tuple[int, int], Counts]] = {table: {} for table in tables}
    for (key, minute), counts in sums.items():
        rows[tables[0 if key.principal == ALL else -1]][ids[key], minute] = counts
    for table, of_table in rows.items():
        await repository.add_up(session, table, of_table)


def start_of(number: int, granularity: Granularity, zone: ZoneInfo, start: int) -> int:
    """Return when a piece begins that has this number, in a time that begins at `start`."""
    if granularity != "day":
        return number
    return max(midnight(date.fromordinal(_EPOCH + number // DAY), zone), start)


def _sure(scope: Scope) -> Sequence[int]:
    return SURE if scope.of_principals else OF_ALL


async def _quarters_or_minutes(session: Transaction, scope: Scope, start: int, end: int) -> int:
    """Return by which step principals are to be read: by quarters only where nothing lacks in those.

    What a version that kept no such quarters has counted lacks there, and no day of these principals is less than its
    quarters. So they are complete if all of them make as much as all of the days do.
    """
    first, last = floor(start, DAY), floor(end + DAY - 1, DAY)
    quarters, days = Span(QUARTER, first, last), Span(DAY, first, last)
    if await _total(session, scope, quarters) == await _total(session, scope, days):
        return QUARTER
    # Both lack something where minutes are too old to be kept; then what is fuller is nearer.
    fuller = await _total(session, scope, Span(QUARTER, start, end))
    return QUARTER if fuller > await _total(session, scope, Span(MINUTE, start, end)) else MINUTE


async def _total(session: Transaction, scope: Scope, span: Span) -> list[int]:
    found = [each.counts for each in await repository.sums(session, scope, span)]
    return [sum(numbers) for numbers in zip(*(each[:-1] for each in found), strict=True)] or [0] * 4


def _merged(found: Iterable[tuple[int, Found]]) -> Sequence[Used]:
    sums = added(((start, *each[1:4]), each.counts) for start, each in found)
    return [Used(*key, counts) for key, counts in sorted(sums.items())]
