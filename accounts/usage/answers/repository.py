"""SQL for the rows of an answer about usage, as JSON.

The database makes the text: where it gave numbers, Python would take four times as long to make rows of them as the
database takes to add them up.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, String, case, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.sums import sum_text
from accounts.database.texts import by_code_point, json_text
from accounts.usage.levels import Span
from accounts.usage.models import UsageSeries
from accounts.usage.repository import kept_by, piece_of, table_of, within
from accounts.usage.scope import Scope
from api.usage import BY_KEY, BY_TOKEN

SEPARATOR = "\x01"
"""Between the rows of a piece: JSON has it nowhere."""


class Told(NamedTuple):
    """What is told apart beside meters."""

    cache: bool
    api_key: bool
    token_id: bool

    @property
    def principal(self) -> bool:
        """Whether principals are, at least in part."""
        return self.api_key or self.token_id


class Piece(NamedTuple):
    """The rows of a piece of time.

    Attributes:
        number: As in `Span`.
        text: Of each row what follows the start in it.
    """

    number: int
    rows: int
    text: str


async def pieces(session: AsyncSession, scope: Scope, told: Told, spans: Sequence[Span], most: int) -> Sequence[Piece]:
    """Return the rows of all pieces that have any, in order; of so many rows at most, and one more if there are."""
    series = _series(scope, told)
    found = union_all(*[_found(series, scope, span) for span in spans]).subquery("found")
    used = (
        select(
            found.c.piece,
            found.c.kind,
            func.min(found.c.place).label("place"),
            *[sum_text(found.c[name]).label(name) for name in ("messages", "bytes", "operations", "seconds")],
            cast(func.max(found.c.peak), String).label("peak"),
        )
        .group_by(found.c.piece, found.c.kind)
        .subquery("used")
    )
    kinds = select(series.c.kind, series.c.head).distinct().subquery("kinds")
    row = kinds.c.head + _numbers(used.c)
    rows = select(used.c.piece, row.label("row")).join(kinds, kinds.c.kind == used.c.kind)
    sorted_rows = rows.order_by(used.c.piece, used.c.place).limit(most + 1).subquery("sorted_rows")
    text = func.aggregate_strings(sorted_rows.c.row, SEPARATOR)
    of_piece = select(sorted_rows.c.piece, func.count(), text).group_by(sorted_rows.c.piece)
    return [Piece(*row) for row in await session.execute(of_piece.order_by(sorted_rows.c.piece))]


def _series(scope: Scope, told: Told) -> CTE:
    """Return the series of a scope: each with the kind of its rows, with what such a row begins, and with its place."""
    names = select(UsageSeries.cache_id, func.max(UsageSeries.cache_name).label("name"))
    names = names.where(UsageSeries.account_id == scope.account_id).group_by(UsageSeries.cache_id).subquery("names")
    key, token = _named(BY_KEY) if told.api_key else None, _named(BY_TOKEN) if told.token_id else None
    order: list[Any] = [UsageSeries.meter, *([UsageSeries.cache_id] if told.cache else [])]
    kind = [*order, *(id for id in (key, token) if id is not None)]
    place = [*order, *([UsageSeries.principal] if told.principal else [])]
    head = (
        literal('"meter":', String)
        + json_text(UsageSeries.meter)
        + ',"cache":'
        + _or_null(names.c.name if told.cache else None)
        + ',"cache_id":'
        + _or_null(UsageSeries.cache_id if told.cache else None)
        + ',"api_key":'
        + _or_null(key)
        + ',"token_id":'
        + _or_null(token)
    )
    return (
        select(
            UsageSeries.id,
            UsageSeries.cache_id,
            UsageSeries.meter,
            UsageSeries.principal,
            func.dense_rank().over(order_by=list(map(by_code_point, kind))).label("kind"),
            func.dense_rank().over(order_by=list(map(by_code_point, place))).label("place"),
            head.label("head"),
        )
        .join(names, names.c.cache_id == UsageSeries.cache_id)
        .where(*within(scope))
        .cte("series")
    )


def _found(series: CTE, scope: Scope, span: Span) -> Any:  # noqa: ANN401 - a select of many types
    """Return the sums of a span, and in which piece and of which kind they are."""
    table = table_of(span.step, principals=scope.of_principals)
    numbers = (table.messages, table.bytes, table.operations, table.seconds, table.peak)
    return (
        select(piece_of(span, table.minute).label("piece"), series.c.kind, series.c.place, *numbers)
        .join(series, series.c.id == table.series_id)
        .where(kept_by(series.c, span.step, principals=scope.of_principals, caches=scope.of_caches))
        .where(table.minute >= span.start, table.minute < span.end)
    )


def _named(kind: str) -> ColumnElement[str]:
    """Return the name of a principal of this kind; of others an empty text."""
    is_one = func.substr(UsageSeries.principal, 1, len(kind)) == kind
    return case((is_one, func.substr(UsageSeries.principal, len(kind) + 1, type_=String)), else_=literal(""))


def _or_null(text: Any) -> ColumnElement[str]:  # noqa: ANN401 - a column or an expression
    if text is None:
        return literal("null", String)
    return case((text == "", literal("null", String)), else_=json_text(text))


def _numbers(used: Any) -> ColumnElement[str]:  # noqa: ANN401 - the columns of a subquery
    return (
        literal(',"messages":', String)
        + used.messages
        + ',"bytes":'
        + used.bytes
        + ',"operations":'
        + used.operations
        + ',"subscription_seconds":'
        + used.seconds
        + ',"peak_subscriptions":'
        + used.peak
    )
