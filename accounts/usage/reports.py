"""Answers what an account has used, in its own time zone and by its own names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.audit import Actor
from accounts.clocks.service import Clocks
from accounts.database import Database
from accounts.pricing.service import Pricing
from accounts.tenants import repository as tenants
from accounts.usage import repository
from accounts.usage.adding import added
from accounts.usage.answers import repository as answers
from accounts.usage.answers.repository import SEPARATOR, Told
from accounts.usage.calendar import local, midnight, month_start, next_month, zone
from accounts.usage.levels import DAY, HOUR, MINUTE, floor
from accounts.usage.repository import Counts
from accounts.usage.scope import Dimension, Scope
from accounts.usage.service import Granularity, Usage, Used, start_of
from api.errors import InvalidArgument
from api.usage import BY_KEY, BY_TOKEN

GroupBy = Literal["cache", "api_key", "token_id"]

MOST_PIECES = 1600
"""Of one answer: a day by minutes, two months by hours, four years by days."""

MOST_ROWS = 20_000
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 9000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. Times are local where they name no zone; None for `start` is the beginning of this month.

    It is the month of the account's test clock, where it has one.

    Attributes:
        end: The first moment that is not wanted any more; None for now.
        last: Where there is no `start`, that is so long ago.
        cache: By name. With a cache, a key or a token_id only usage of these counts.
    """

    granularity: Granularity = "day"
    start: str | None = None
    end: str | None = None
    group_by: Collection[GroupBy] = ()
    cache: str | None = None
    meter: str | None = None
    api_key: str | None = None
    token_id: str | None = None
    last: timedelta | None = None

    @property
    def principal(self) -> str | None:
        """Whose usage is wanted, as it is kept."""
        if self.api_key is not None and self.token_id is not None:
            raise InvalidArgument("usage is of an API key or of a token_id, not of both; send one")
        if self.api_key is not None:
            return BY_KEY + self.api_key
        return None if self.token_id is None else BY_TOKEN + self.token_id

    @property
    def told(self) -> Told:
        """What is told apart."""
        return Told(*(name in self.group_by for name in ("cache", "api_key", "token_id")))

    @property
    def dimensions(self) -> Sequence[Dimension]:
        """What is to be told apart of what is kept."""
        return [*(["cache"] if self.told.cache else []), *(["principal"] if self.told.principal else [])]


class Row(NamedTuple):
    """What was used in a piece of time: of a cache, by a key or a token_id, where these are told apart."""

    start: datetime
    meter: str
    cache_id: str
    cache: str
    api_key: str
    token_id: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Report:
    """The answer, for all pieces of time from `start` to before `end` that lie in it at least in part."""

    start: datetime
    end: datetime
    time_zone: str
    rows: Sequence[Row]


class Json(NamedTuple):
    """An answer as it is sent."""

    rows: int
    text: str


class Reports:
    """What accounts have used."""

    def __init__(self, database: Database, usage: Usage, pricing: Pricing, clocks: Clocks) -> None:
        self._database = database
        self._usage = usage
        self._pricing = pricing
        self._clocks = clocks

    async def report(self, account_id: str, question: Question) -> Report:
        """Answer a question.

        Raises:
            InvalidArgument: a time cannot be read, or the answer would be too long.
        """
        async with self._database.reading() as session:
            in_zone = zone(await tenants.time_zone(session, account_id))
            start, end = _times(question, in_zone, await self._clocks.now(session, account_id))
            names = await repository.cache_names(session, account_id)
            scope = _scope(account_id, question, names)
            used = await self._usage.pieces(session, scope, start, end, question.granularity, in_zone)
        rows = _rows(used, in_zone, names, question.group_by)
        _require_not_too_long(len(rows))
        return Report(local(start, in_zone), local(end, in_zone), in_zone.key, rows)

    async def json(self, account_id: str, question: Question) -> Json:
        """Answer a question with the JSON of a `UsageReport`, of which the database makes the rows.

        Raises:
            InvalidArgument: as `report` does.
        """
        async with self._database.reading() as session:
            in_zone = zone(await tenants.time_zone(session, account_id))
            start, end = _times(question, in_zone, await self._clocks.now(session, account_id))
            names = await repository.cache_names(session, account_id) if question.cache is not None else None
            scope, length = _scope(account_id, question, names), question.granularity
            spans = await self._usage.spans(session, scope, start, end, length, in_zone)
            pieces = await answers.pieces(session, scope, question.told, spans, MOST_ROWS)
        rows = sum(piece.rows for piece in pieces)
        _require_not_too_long(rows)
        begins = [local(start_of(piece.number, length, in_zone, start), in_zone) for piece in pieces]
        heads = [f'{{"start":"{begin.isoformat()}",' for begin in begins]
        usage = ",".join(
            f"{head}{piece.text.replace(SEPARATOR, '},' + head)}}}" for head, piece in zip(heads, pieces, strict=True)
        )
        times = f'"start":"{local(start, in_zone).isoformat()}","end":"{local(end, in_zone).isoformat()}"'
        return Json(rows, f'{{{times},"time_zone":"{in_zone.key}","usage":[{usage}]}}')

    async def minutes(self, account_id: str, start: str, end: str) -> tuple[int, int]:
        """Return two times as minutes of the epoch; they are the account's local ones where they name no zone.

        Raises:
            InvalidArgument: one cannot be read.
        """
        in_zone = zone(await self.time_zone(account_id))
        return minute_of("from", start, in_zone), minute_of("to", end, in_zone)

    async def time_zone(self, account_id: str) -> str:
        """Return the name of an account's time zone."""
        async with self._database.reading() as session:
            return await tenants.time_zone(session, account_id)

    async def change_time_zone(self, account_id: str, actor: Actor, name: str) -> None:
        """Have the days and months of an account begin in another time zone.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: there is no such zone, or it is another month there.
        """
        after = zone(name).key
        async with self._database.transaction() as session:
            before = await self._pricing.move(session, account_id, after)
            changed = {"before": {"time_zone": before}, "after": {"time_zone": after}}
            audit.record(session, actor, account_id, "account.time_zone_changed", account_id, **changed)


def minute_of(name: str, text: str, in_zone: ZoneInfo) -> int:
    """Return a time as minutes of the epoch: a date is its local midnight."""
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            found = midnight(day, in_zone) if _EARLIEST_YEAR <= day.year <= _LATEST_YEAR else None
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=in_zone)
            found = int(moment.timestamp() // 60) if _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise InvalidArgument(f"'{name}' must be a date or a time such as 2026-01-31 or 2026-01-31T15:00:00Z")
    return found


def _times(question: Question, in_zone: ZoneInfo, now: int) -> tuple[int, int]:
    minute = now // 60
    if question.start is not None:
        start = minute_of("from", question.start, in_zone)
    else:
        start = (
            month_start(minute, in_zone) if question.last is None else minute - question.last // timedelta(minutes=1)
        )
    end = minute + 1 if question.end is None else minute_of("to", question.end, in_zone)
    if end <= start:
        raise InvalidArgument("'to' must be after 'from'")
    start, end = _widened(start, end, question.granularity, in_zone)
    length = {"minute": MINUTE, "hour": HOUR, "day": DAY, "month": 28 * DAY}[question.granularity]
    if (end - start) // length > MOST_PIECES:
        raise InvalidArgument(
            f"that is more than {MOST_PIECES} times a {question.granularity}; ask for less time or larger pieces"
        )
    return start, end


def _widened(start: int, end: int, granularity: Granularity, in_zone: ZoneInfo) -> tuple[int, int]:
    """Return the whole pieces that a time touches."""
    match granularity:
        case "month":
            return month_start(start, in_zone), next_month(end - 1, in_zone)
        case "day":
            last = local(end - 1, in_zone).date()
            return midnight(local(start, in_zone).date(), in_zone), midnight(last + timedelta(days=1), in_zone)
        case "hour":
            ahead = (local(start, in_zone).utcoffset() or timedelta()) // timedelta(minutes=1)
            return floor(start + ahead, HOUR) - ahead, floor(end + ahead + HOUR - 1, HOUR) - ahead
        case "minute":
            return start, end


def _scope(account_id: str, question: Question, names: Mapping[str, str] | None) -> Scope:
    """Return whose usage is asked for, where caches have these names; None where no cache is asked for."""
    cache, meter = question.cache, question.meter
    ids = None if cache is None else [id for id, name in (names or {}).items() if id and name == cache]
    return Scope(account_id, ids, None if meter is None else [meter], question.principal, question.dimensions)


def _require_not_too_long(rows: int) -> None:
    if rows > MOST_ROWS:
        raise InvalidArgument(f"the answer has more than {MOST_ROWS} rows; ask for less time or detail")


def _rows(
    used: Sequence[Used], in_zone: ZoneInfo, names: Mapping[str, str], group_by: Collection[GroupBy]
) -> Sequence[Row]:
    starts = {start: local(start, in_zone) for start in {each.start for each in used}}  # many rows have each of them
    if not {"api_key", "token_id"} & set(group_by):
        return [
            Row(starts[start], meter, cache_id, names.get(cache_id, ""), "", "", counts)
            for start, meter, cache_id, _, counts in used
        ]
    sums = added((_told(each, group_by), each.counts) for each in used)
    return [
        Row(starts[start], meter, cache_id, names.get(cache_id, ""), api_key, token_id, counts)
        for (start, meter, cache_id, api_key, token_id), counts in sums.items()
    ]


def _told(used: Used, group_by: Collection[GroupBy]) -> tuple[int, str, str, str, str]:
    """Return what tells the row apart that this belongs to."""
    principal = used.principal
    by_key = "api_key" in group_by and principal.startswith(BY_KEY)
    by_token = "token_id" in group_by and principal.startswith(BY_TOKEN)
    key_id, token_id = principal.removeprefix(BY_KEY), principal.removeprefix(BY_TOKEN)
    return used.start, used.meter, used.cache_id, key_id if by_key else "", token_id if by_token else ""
