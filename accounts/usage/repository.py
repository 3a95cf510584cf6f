"""SQL for usage that is added up."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from accounts.caches.models import Cache
from accounts.database.insert import dialect_of, insert_all_once, inserting, inserting_into
from accounts.database.sums import added_up, exact_sum
from accounts.usage.levels import DAY, HOUR, MINUTE, QUARTER, Span
from accounts.usage.models import (
    ALL,
    BY_ROUTER,
    Sums,
    UsageDay,
    UsageHour,
    UsageMinute,
    UsagePrincipalQuarter,
    UsagePruned,
    UsageQuarter,
    UsageSeries,
)
from accounts.usage.scope import Scope
from api.usage import CONCURRENCY

TABLES: Mapping[int, Sequence[type[Sums]]] = {
    MINUTE: [UsageMinute],
    QUARTER: [UsageQuarter, UsagePrincipalQuarter],
    HOUR: [UsageHour],
    DAY: [UsageDay],
}
"""By step; the first one holds what all principals used together, the last one what each did."""

KEYS_AT_ONCE = 500


class SeriesKey(NamedTuple):
    """What tells series apart."""

    account_id: str
    cache_id: str
    meter: str
    principal: str


class Counts(NamedTuple):
    """The numbers of one series in one step."""

    messages: int = 0
    bytes: int = 0
    operations: int = 0
    seconds: int = 0
    peak: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Return both together; of peaks the higher one."""
        added = [a + b for a, b in zip(self, other, strict=True)]
        return Counts._make((*added[:-1], max(self.peak, other.peak)))


class Found(NamedTuple):
    """Some sums: of what, and in the piece of which number."""

    piece: int
    meter: str
    cache_id: str
    principal: str
    counts: Counts


async def series_ids(
    session: AsyncSession, keys: Sequence[SeriesKey]
) -> tuple[Mapping[SeriesKey, int], Mapping[SeriesKey, int]]:
    """Return the ids of series: of those that were there before, and of those that this transaction has made."""
    if not keys:
        return {}, {}
    found = await _find_series(session, keys)
    missing = sorted(set(keys) - found.keys())
    if not missing:
        return found, {}
    names = await _cache_names(session, {key.cache_id for key in missing})
    rows = [{**key._asdict(), "cache_name": names.get(key.cache_id, "")} for key in missing]
    await insert_all_once(session, UsageSeries, rows)
    return found, await _find_series(session, missing)


async def add_up(session: AsyncSession, table: type[Sums], sums: Mapping[tuple[int, int], Counts]) -> None:
    """Add to the sums of one table, by series and minute; of peaks the higher one stays."""
    if not sums:
        return
    statement = _adding(dialect_of(session), table)
    # In one order everywhere, so that two services that add to the same rows wait for each other one way only.
    rows = [{"series_id": id, "minute": minute, **sums[id, minute]._asdict()} for id, minute in sorted(sums)]
    await (await session.connection()).execute(statement, rows)


@cache
def _adding(dialect: str, table: type[Sums]) -> Executable:
    """Return what adds up, made once: to make it takes as much as all the rest of a batch with a few lines."""
    insert = inserting_into(dialect, cast("Table", table.__table__))
    new: Any = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[table.series_id, table.minute],
        set_={
            "messages": added_up(table.messages, new.messages),
            "bytes": added_up(table.bytes, new.bytes),
            "operations": added_up(table.operations, new.operations),
            "seconds": added_up(table.seconds, new.seconds),
            "peak": case((new.peak > table.peak, new.peak), else_=table.peak),
        },
    )


async def peaks_of_routers(
    session: AsyncSession, places: Sequence[tuple[str, str, int]]
) -> Mapping[tuple[str, str, int], int]:
    """Return the peaks of all routers, added up, by account, cache and minute."""
    place = (UsageSeries.account_id, UsageSeries.cache_id, UsageMinute.minute)
    peaks: dict[tuple[str, str, int], int] = {}
    for start in range(0, len(places), KEYS_AT_ONCE):
        statement = (
            select(*place, exact_sum(UsageMinute.peak))
            .join(UsageSeries, UsageSeries.id == UsageMinute.series_id)
            .where(UsageSeries.meter == CONCURRENCY, UsageSeries.principal.startswith(BY_ROUTER))
            .where(tuple_(*place).in_(places[start : start + KEYS_AT_ONCE]))
            .group_by(*place)
        )
        peaks |= {(row[0], row[1], row[2]): int(row[3]) for row in await session.execute(statement)}
    return peaks


async def sums(session: AsyncSession, scope: Scope, span: Span) -> Sequence[Found]:
    """Return sums by piece, meter and what else the scope tells apart."""
    principals, caches = scope.of_principals, scope.of_caches
    table = table_of(span.step, principals=principals)
    asked: dict[str, Any] = {"piece": piece_of(span, table.minute).label("piece"), "meter": UsageSeries.meter}
    if "cache" in scope.by:
        asked["cache_id"] = UsageSeries.cache_id
    if "principal" in scope.by:
        asked["principal"] = UsageSeries.principal
    columns: list[Any] = [asked.get(name, literal_column("''")) for name in ("piece", "meter", "cache_id", "principal")]
    numbers = [exact_sum(getattr(table, name)).label(name) for name in Counts._fields[:-1]]
    statement = (
        select(*columns, *numbers, func.max(table.peak))
        .join(UsageSeries, UsageSeries.id == table.series_id)
        .where(*within(scope), kept_by(UsageSeries, span.step, principals=principals, caches=caches))
        .where(table.minute >= span.start, table.minute < span.end)
        .group_by(*asked)  # by name: the piece's expression has parameters
    )
    # There may be many thousands, so they are read by their places.
    return [Found(*row[:4], Counts._make(row[4:])) for row in await session.execute(statement)]


def table_of(step: int, *, principals: bool) -> type[Sums]:
    """Return where sums of a step are, of single principals or of all of them together."""
    return TABLES[step][-1 if principals else 0]


def piece_of(span: Span, minute: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """Return the number of the piece that a minute lies in."""
    if not span.length:
        return literal(span.first, BigInteger)
    length, ahead, first = span.length, span.ahead, span.first
    number = (minute + ahead) // length * length - span.back
    if (span.start + ahead) // length * length - span.back >= first:
        return number
    return case((number < first, first), else_=number)


async def accounts_with_usage(session: AsyncSession, spans: Sequence[Span], after: str, count: int) -> Sequence[str]:
    """Return so many ids after one, in their order, of accounts that used something in one of the spans; see `sums`."""
    used = [
        exists().where(table.series_id == UsageSeries.id, table.minute >= span.start, table.minute < span.end)
        for table, span in ((TABLES[span.step][0], span) for span in spans)
    ]
    ids = select(UsageSeries.account_id).where(UsageSeries.account_id > after, or_(*used)).distinct()
    return (await session.scalars(ids.order_by(UsageSeries.account_id).limit(count))).all()


async def sums_of_accounts(
    session: AsyncSession, ids: Sequence[str], spans: Sequence[Span]
) -> Mapping[str, Mapping[str, Counts]]:
    """Return what these accounts used in all of the spans together, by account and meter; see `sums`."""
    used: dict[str, dict[str, Counts]] = {}
    for span in spans:
        table = TABLES[span.step][0]
        numbers = [exact_sum(getattr(table, name)).label(name) for name in Counts._fields[:-1]]
        statement = (
            select(UsageSeries.account_id, UsageSeries.meter, *numbers, func.max(table.peak).label("peak"))
            .join(UsageSeries, UsageSeries.id == table.series_id)
            .where(UsageSeries.account_id.in_(ids), kept_by(UsageSeries, span.step, principals=False, caches=False))
            .where(table.minute >= span.start, table.minute < span.end)
            .group_by(UsageSeries.account_id, UsageSeries.meter)
        )
        for row in (await session.execute(statement)).mappings():
            counts, meter = used.setdefault(row["account_id"], {}), row["meter"]
            added = Counts(*(int(row[name]) for name in Counts._fields))
            counts[meter] = counts.get(meter, Counts()).plus(added)
    return used


async def rows(session: AsyncSession, step: int, start: int, end: int) -> Mapping[tuple[SeriesKey, int], Counts]:
    """Return all sums of a step from a minute to before another, of all accounts."""
    key = (UsageSeries.account_id, UsageSeries.cache_id, UsageSeries.meter, UsageSeries.principal)
    sums: dict[tuple[SeriesKey, int], Counts] = {}
    for table in TABLES[step]:
        numbers = [getattr(table, name) for name in Counts._fields]
        found = select(*key, table.minute, *numbers).join(UsageSeries, UsageSeries.id == table.series_id)
        found = found.where(table.minute >= start, table.minute < end)
        sums |= {(SeriesKey(*row[:4]), row[4]): Counts(*row[5:]) for row in await session.execute(found)}
    return sums


async def next_minute(session: AsyncSession, step: int, minute: int) -> int | None:
    """Return the minute of the first sum of a step at or after a minute."""
    table = TABLES[step][0]  # what a principal used, all of them together used as well
    return await session.scalar(select(func.min(table.minute)).where(table.minute >= minute))


async def pruned(session: AsyncSession) -> Mapping[int, int]:
    """Return of each step before which minute its sums were deleted for their age."""
    return {row.step: row.before for row in await session.scalars(select(UsagePruned))}


async def prune(session: AsyncSession, step: int, before: int) -> int:
    """Delete the sums of a step from before a minute; return how many."""
    count = 0
    for table in TABLES[step]:
        gone: Any = await session.execute(delete(table).where(table.minute < before))
        count += int(gone.rowcount)
    await set_pruned(session, step, before)
    return count


async def prune_series(session: AsyncSession, most: int) -> int:
    """Delete series of which no sum is left, so many at most; return how many.

    The newest one stays: SQLite would give its id to the next, and a service that remembers it would add to another's.
    """
    tables = [table for of_step in TABLES.values() for table in of_step]
    empty = [~exists().where(table.series_id == UsageSeries.id) for table in tables]
    newest = select(func.max(UsageSeries.id)).scalar_subquery()
    ids = select(UsageSeries.id).where(UsageSeries.id < newest, *empty).order_by(UsageSeries.id).limit(most)
    gone: Any = await session.execute(delete(UsageSeries).where(UsageSeries.id.in_(ids)))
    return int(gone.rowcount)


async def set_pruned(session: AsyncSession, step: int, before: int) -> None:
    """Note that what is from before a minute is deleted for its age."""
    insert = inserting(session, UsagePruned)
    new: Any = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[UsagePruned.step],
        set_={"before": case((new.before > UsagePruned.before, new.before), else_=UsagePruned.before)},
    )
    await session.execute(statement, [{"step": step, "before": before}])


async def cache_names(session: AsyncSession, account_id: str) -> Mapping[str, str]:
    """Return the names of all caches that the account has used, deleted ones too, by id."""
    found = select(UsageSeries.cache_id, func.max(UsageSeries.cache_name)).where(UsageSeries.account_id == account_id)
    return {row[0]: row[1] for row in await session.execute(found.group_by(UsageSeries.cache_id))}


def within(scope: Scope) -> list[ColumnElement[bool]]:
    """Take the series of a scope."""
    conditions = [UsageSeries.account_id == scope.account_id]
    if scope.cache_ids is not None:
        conditions.append(UsageSeries.cache_id.in_(sorted(scope.cache_ids)))
    if scope.meters is not None:
        conditions.append(UsageSeries.meter.in_(sorted(scope.meters)))
    if scope.principal is not None:
        conditions.append(UsageSeries.principal == scope.principal)
    return conditions


def kept_by(series: Any, step: int, *, principals: bool, caches: bool) -> ColumnElement[bool]:  # noqa: ANN401 - columns
    """Take each unit once: from the series of principals, or from those of all principals together.

    Args:
        series: Their columns.
        step: By which the sums are.
        principals: Whether principals are told apart, or one of them is asked for.
        caches: The same of caches.
    """
    of_all = series.principal == ALL
    if principals:
        kept = and_(~of_all, series.meter != CONCURRENCY)
        return and_(kept, (series.cache_id != ALL) if caches else (series.cache_id == ALL)) if step == QUARTER else kept
    if step == MINUTE:  # here only peaks are kept for all together
        return or_(of_all, and_(~of_all, series.meter != CONCURRENCY))
    return of_all


async def _find_series(session: AsyncSession, keys: Sequence[SeriesKey]) -> dict[SeriesKey, int]:
    columns = (UsageSeries.account_id, UsageSeries.cache_id, UsageSeries.meter, UsageSeries.principal)
    found: dict[SeriesKey, int] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = [tuple(key) for key in keys[start : start + KEYS_AT_ONCE]]
        rows = await session.execute(select(*columns, UsageSeries.id).where(tuple_(*columns).in_(some)))
        found |= {SeriesKey(*row[:4]): row[4] for row in rows}
    return found


async def _cache_names(session: AsyncSession, ids: Iterable[str]) -> Mapping[str, str]:
    rows = await session.execute(select(Cache.id, Cache.name).where(Cache.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}
