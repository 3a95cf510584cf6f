"""What a line of an invoice is made of: its hours, their minutes, and the batches of routers in each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from accounts.batches import repository as batches
from accounts.billing.meters import METERS, Meter
from accounts.billing.statement import Line, Statement
from accounts.clocks import repository as clocks
from accounts.database import Database
from accounts.invoices.service import Invoices
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api import usage as counted
from api.errors import InvalidArgument, NotFound

HOUR_SECONDS = 3600

DRAFT = "draft-"
"""What the id of a month that runs begins with; its currency follows."""

Level = Literal["hour", "minute"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Units in an hour or a minute that begins at `start`, in epoch seconds."""

    start: int
    units: int


@dataclass(frozen=True, slots=True)
class Source:
    """What one batch of a router says of a minute."""

    router: str
    boot: str
    number: int
    digest: str
    received_at: int
    units: int


class Explanations:
    """Follows lines of invoices down to what routers counted."""

    def __init__(self, database: Database, usage: Usage, invoices: Invoices) -> None:
        self._database = database
        self._usage = usage
        self._invoices = invoices

    async def line(self, account_id: str, invoice_id: str, number: int) -> tuple[Line, Meter]:
        """Return a line for usage, with its meter.

        Raises:
            NotFound: there is no such invoice or line.
            InvalidArgument: the line is not for usage.
        """
        statement = await self._statement(account_id, invoice_id)
        if not 0 < number <= len(statement.lines):
            raise NotFound(f"invoice '{invoice_id}' has no line {number}")
        line = statement.lines[number - 1]
        meter = METERS.get(line.meter)
        if meter is None:
            raise InvalidArgument(f"line {number} is not for usage, but '{line.kind}'")
        return line, meter

    async def hours(self, account_id: str, line: Line, meter: Meter) -> Sequence[Piece]:
        """Return what was counted of the meter in each hour of a line."""
        return await self._pieces(account_id, line, meter, "hour", line.part_start, line.part_end)

    async def minutes(self, account_id: str, line: Line, meter: Meter, hour: int) -> Sequence[Piece]:
        """Return what was counted of the meter in each minute of the hour from `hour`, as far as it is the line's."""
        return await self._pieces(account_id, line, meter, "minute", hour, hour + HOUR_SECONDS)

    async def sources(self, account_id: str, meter: Meter, minute: int) -> Sequence[Source]:
        """Return the batches that say something of the meter in a minute of the epoch."""
        async with self._database.reading() as session:
            placed = await clocks.placed_in(session, account_id, minute)
            if placed:
                rows = [row for key in placed if (row := await batches.batch(session, *key)) is not None]
            else:
                rows = await batches.in_minute(session, minute)
        found = [
            Source(
                row.router,
                row.boot,
                row.number,
                row.digest.hex(),
                row.received_at,
                _units(row.payload, account_id, meter),
            )
            for row in rows
        ]
        return [source for source in found if source.units]

    async def _statement(self, account_id: str, invoice_id: str) -> Statement:
        if not invoice_id.startswith(DRAFT):
            return (await self._invoices.read(account_id, invoice_id))[1]
        draft = await self._invoices.draft(account_id)
        for each in draft.reckoned:
            if invoice_id == DRAFT + each.statement.currency:
                return each.statement
        raise NotFound(f"nothing is charged in '{invoice_id.removeprefix(DRAFT)}' this month")

    async def _pieces(
        self, account_id: str, line: Line, meter: Meter, level: Level, start: int, end: int
    ) -> Sequence[Piece]:
        """Return what was counted of the meter from `start` to `end`, within the part of the month of the line."""
        first, last = max(line.part_start, start) // 60, min(line.part_end, end) // 60
        scope = Scope(account_id, meters=(meter.usage,))
        async with self._database.reading() as session:
            found = await self._usage.pieces(session, scope, first, last, level, ZoneInfo(line.period.zone))
        pieces = [Piece(each.start * 60, int(getattr(each.counts, meter.measure))) for each in found]
        return [piece for piece in pieces if piece.units]


def _units(payload: bytes, account_id: str, meter: Meter) -> int:
    lines = counted.decode(payload).lines
    return sum(
        int(getattr(line, meter.measure)) for line in lines if (line.account, line.meter) == (account_id, meter.usage)
    )
