"""Exports on demand: what is asked for, as a stream of bytes in the form that is asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from accounts.clocks.service import Clocks
from accounts.database import Database
from accounts.exports import focus, repository
from accounts.exports.charges import (
    CHARGE_COLUMNS,
    CHARGE_NUMBERS,
    INVOICE_COLUMNS,
    INVOICE_NUMBERS,
    Charged,
    charge_cells,
    charges,
    invoice_cells,
)
from accounts.exports.cloudevents import CloudEvents
from accounts.exports.parquet import Parquet
from accounts.exports.rows import USAGE_COLUMNS, USAGE_NUMBERS, Cells, CountedLine, UsageRow, usage_cells
from accounts.exports.text import Csv, JsonLines
from accounts.exports.usage import Granularity, counted_pages, usage_pages
from accounts.invoices.models import Invoice
from accounts.invoices.service import Invoices
from accounts.paging import PageRequest
from accounts.tenants import repository as tenants
from accounts.usage import repository as usage_rows
from accounts.usage.calendar import month_start, zone
from accounts.usage.reports import minute_of
from api.errors import InvalidArgument

UsageFormat = Literal["csv", "jsonl", "cloudevents", "parquet"]
ChargeFormat = Literal["csv", "focus"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

ISSUER = "Tidings"


class Writer(Protocol[T_contra]):
    """Makes bytes of rows."""

    @property
    def media_type(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def begin(self) -> bytes: ...

    def rows(self, rows: Sequence[T_contra], /) -> bytes: ...

    def end(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Export(Generic[T]):
    """Rows on their way to a file.

    Attributes:
        name: Of the file.
        wrote: Called with the number of rows after each page.
    """

    name: str
    writer: Writer[T]
    pages: AsyncIterator[Sequence[T]]

    async def stream(self, wrote: Callable[[int], None] = lambda _: None) -> AsyncIterator[bytes]:
        """Yield the file; `wrote` is told after each page how many rows it had."""
        yield self.writer.begin()
        async for page in self.pages:
            yield self.writer.rows(page)
            wrote(len(page))
        yield self.writer.end()

    async def told(self, wrote: Callable[[int], Awaitable[None]]) -> AsyncIterator[bytes]:
        """Yield the file as `stream` does, and wait for `wrote` after each page."""
        yield self.writer.begin()
        async for page in self.pages:
            yield self.writer.rows(page)
            await wrote(len(page))
        yield self.writer.end()


class _Cells(Generic[T]):
    """Makes cells of rows, and bytes of those."""

    def __init__(self, of: Callable[[T], Cells], writer: Writer[Cells]) -> None:
        self._of = of
        self._writer = writer
        self.media_type = writer.media_type
        self.suffix = writer.suffix

    def begin(self) -> bytes:
        return self._writer.begin()

    def rows(self, rows: Sequence[T], /) -> bytes:
        return self._writer.rows([self._of(row) for row in rows])

    def end(self) -> bytes:
        return self._writer.end()


class Exports:
    """Makes exports of an account's usage, charges and invoices."""

    def __init__(self, database: Database, clocks: Clocks, invoices: Invoices) -> None:
        self._database = database
        self._clocks = clocks
        self._invoices = invoices

    def usage(
        self, account_id: str, start: int, end: int, granularity: Granularity, form: UsageFormat
    ) -> Export[UsageRow] | Export[CountedLine]:
        """Export usage from `start` to before `end`, in minutes of the epoch. CloudEvents are by batch, whatever else.

        Raises:
            Unimplemented: this installation cannot write the format.
        """
        name = f"usage-{account_id}"
        if form == "cloudevents":
            events = CloudEvents()
            return Export(f"{name}.{events.suffix}", events, counted_pages(self._database, account_id, start, end))
        pages = usage_pages(self._database, account_id, start, end, granularity)
        writer: Writer[Cells] = Csv(USAGE_COLUMNS, USAGE_NUMBERS)
        if form == "jsonl":
            writer = JsonLines(USAGE_COLUMNS)
        elif form == "parquet":
            writer = Parquet()
        return Export(f"{name}.{writer.suffix}", _Cells(usage_cells, writer), pages)

    async def times(self, account_id: str, start: str | None, end: str | None) -> tuple[int, int]:
        """Return two times in minutes of the epoch: from the beginning of the account's month until now by default.

        Raises:
            InvalidArgument: they cannot be read, or do not follow each other.
        """
        async with self._database.reading() as session:
            in_zone = zone(await tenants.time_zone(session, account_id))
            now = await self._clocks.now(session, account_id) // 60
        first = month_start(now, in_zone) if start is None else minute_of("from", start, in_zone)
        last = now + 1 if end is None else minute_of("to", end, in_zone)
        if last <= first:
            raise InvalidArgument("'to' must be after 'from'")
        return first, last

    async def has_usage(self, account_id: str) -> bool:
        """Return whether anything is kept of what an account has used, be it deleted or not."""
        async with self._database.reading() as session:
            return await repository.has_series(session, account_id)

    async def charges(self, account_id: str, start: int | None, end: int | None, form: ChargeFormat) -> Export[Charged]:
        """Export the charges of invoices whose months begin in a time, in minutes of the epoch; None for no bound."""
        pages = self._charge_pages(account_id, start, end)
        if form == "csv":
            own = Csv(CHARGE_COLUMNS, CHARGE_NUMBERS)
            return Export(f"charges-{account_id}.csv", _Cells(charge_cells, own), pages)
        async with self._database.reading() as session:
            account = await tenants.get(session, account_id)
        account_name = account.name if account else ""
        seller = next(iter(self._invoices.settings.seller.splitlines()), "") or ISSUER
        writer = Csv(focus.COLUMNS, focus.NUMBERS, focus.NULL)
        rows = _Cells[Charged](lambda charge: focus.cells(charge, account_name, seller), writer)
        return Export(f"focus-{account_id}.csv", rows, pages)

    def invoices(self, account_id: str) -> Export[Invoice]:
        """Export all invoices of an account, one a row."""
        writer = Csv(INVOICE_COLUMNS, INVOICE_NUMBERS)
        rows = _Cells[Invoice](lambda row: invoice_cells(row, self._invoices.shown_number(row)), writer)
        return Export(f"invoices-{account_id}.csv", rows, self._invoice_pages(account_id))

    async def _invoice_pages(self, account_id: str) -> AsyncIterator[Sequence[Invoice]]:
        asked = PageRequest(limit=100)
        while True:
            page = await self._invoices.page(account_id, asked)
            yield page.items
            if page.next_token is None:
                return
            asked = PageRequest(limit=100, next_token=page.next_token)

    async def _charge_pages(
        self, account_id: str, start: int | None, end: int | None
    ) -> AsyncIterator[Sequence[Charged]]:
        first, last = (start or 0) * 60, float("inf") if end is None else end * 60
        async with self._database.reading() as session:
            names = await usage_rows.cache_names(session, account_id)
        async for invoices in self._invoice_pages(account_id):
            for invoice in invoices:
                if first <= invoice.period_start < last:
                    _, statement = await self._invoices.read(account_id, invoice.id)
                    yield list(charges(invoice, statement, self._invoices.shown_number(invoice), names))
