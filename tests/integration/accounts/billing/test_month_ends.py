"""Clocks of routers that jump across a month's end: each unit is on one invoice, and an invoice stays as it is."""

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from accounts.batches.service import Batches
from accounts.invoices.models import Invoice
from accounts.usage.calendar import next_month
from tests.integration.accounts.billing.books import Books, plan
from tests.integration.accounts.counted import published
from tests.integration.accounts.installation import Installation
from tests.unit.clock import Clock

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = 3600


class Ledger:
    """What routers told of a real account, at a time that a test turns; each batch has a number of units of its own."""

    def __init__(self, books: Books, now: int) -> None:
        here = books.here.accounts
        self.clock = Clock(float(now))
        self._books = books
        self._batches = Batches(here.database, here.usage, books.finance.clocks, lambda _: None, self.clock)
        self.units = 0

    async def tell(self, minutes: Sequence[int]) -> int:
        """Apply a batch of each minute of the router's clock; return the units of all together."""
        told = 0
        for minute in minutes:
            units = 1 << (self.units.bit_length())
            line = published(self._books.account, "cache_1", "", *[1] * units)
            await self._batches.apply([self._books.boot.seal(minute, [line])])
            self.units += units
            told += units
        return told


async def closed(books: Books, now: int, monkeypatch: pytest.MonkeyPatch) -> list[Invoice]:
    monkeypatch.setattr(books.finance.clocks, "_now", lambda: float(now))
    return list(await books.finance.closing.close(books.account))


async def units_of(books: Books, invoice: Invoice) -> dict[str, int]:
    _, statement = await books.finance.invoices.read(books.account, invoice.id)
    return {line.kind: line.quantity for line in statement.lines}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "Asia/Kathmandu"])
async def test_jumps_across_the_border_bill_each_unit_once(
    here: Installation, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(here, (await here.tenant(f"ends-{zone.replace('/', '-').lower()}")).id)
    await books.set_zone(zone)
    await books.has(plan(publish_operations="1"))
    border = next_month(int(time.time()) // 60, ZoneInfo(zone))
    ledger = Ledger(books, border * 60 - 90)
    inside = await ledger.tell([border - 60, border - 2])
    after = await ledger.tell([border + 3, border + 60])  # an hour ahead is believed for five minutes
    ledger.clock.advance(seconds=180)
    inside += await ledger.tell([border - 10, border - 1])  # back by ten minutes
    after += await ledger.tell([border, border + 1])
    (first,) = await closed(books, border * 60 + HOUR, monkeypatch)
    assert await units_of(books, first) == {"usage": inside}
    assert (first.total, first.period_end) == (inside, border * 60)

    ledger.clock.advance(seconds=2 * HOUR)
    late = await ledger.tell([border - 5])
    assert await closed(books, border * 60 + 3 * HOUR, monkeypatch) == []
    again, _ = await books.finance.invoices.read(books.account, first.id)
    assert (again.total, again.state) == (inside, "final")
    following = next_month(border, ZoneInfo(zone))
    (second,) = await closed(books, following * 60 + HOUR, monkeypatch)
    assert await units_of(books, second) == {"usage": after, "correction": late}
    assert first.total + second.total == ledger.units
    assert (await here.accounts.ledger.verifier.verify()).findings == []
