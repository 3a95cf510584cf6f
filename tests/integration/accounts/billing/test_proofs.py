"""`tidings usage verify --invoice`: an invoice is what the batches of routers come to, or the difference has a name."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from accounts.audit import SYSTEM
from accounts.batches.models import UsageBatch
from accounts.batches.repository import BATCHES, Sealed
from accounts.billing.settings import BillingSettings
from accounts.clocks.models import TestClockPlacement
from accounts.invoices.models import Invoice
from accounts.invoices.proving import Proof, Proofs
from accounts.usage import repository as usage
from accounts.usage.models import UsagePruned
from api.errors import InvalidArgument, NotFound
from api.usage import PUBLISH, Line, decode, digest, encode
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def proof(books: Books, invoice: Invoice) -> Proof:
    return await Proofs(books.here.accounts.database, BillingSettings()).prove(invoice.id)


async def a_month(here: Installation) -> tuple[Books, Invoice]:
    """An invoice of three caches under two plans, with a minimum, a credit and tiers that are shared."""
    books = await Books.open(here, "2028-02-01T00:00:00")
    await books.has(plan(publish_operations="0.001", delivery_operations="0.0003"))
    await books.use(publish=1234, delivery=999)
    await books.use(publish=11, cache="cache_2")
    await books.turn(at("2028-02-12T00:00:00"))
    await books.has(plan(publish_operations="0.0005", minimum="9"))
    await books.use(publish=77, delivery=3, cache="cache_3")
    (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
    return books, invoice


async def altered(books: Books, change: Callable[[UsageBatch], None]) -> None:
    async with books.here.accounts.database.transaction() as session:
        change(await session.get_one(UsageBatch, ("router-1", books.boot.boot, 1)))


async def test_an_invoice_is_what_its_batches_come_to(here: Installation) -> None:
    books, invoice = await a_month(here)
    found = await proof(books, invoice)
    assert found.findings == []
    assert (found.batches, found.late) == (3, 0)
    assert found.invoice == f"TEST-{invoice.number:06d}"
    by_number = await Proofs(here.accounts.database, BillingSettings()).prove(found.invoice)
    assert by_number == found


async def test_what_came_later_is_proved_on_the_invoice_that_corrects_it(here: Installation) -> None:
    books, february = await a_month(here)
    received_at = february.written_at + 1
    while time.time() < received_at:
        await asyncio.sleep(0.02)
    minute = at("2028-02-20T00:00:00") // 60
    payload = books.boot.seal(minute, [Line(books.account, "cache_1", PUBLISH, "", 500, 50_000, 500)])
    key = ("router-1", books.boot.boot, 4)
    async with here.accounts.database.transaction() as session:
        session.add(UsageBatch(**Sealed(*key, minute, digest(payload), payload, received_at)._asdict()))
        fields = dict(zip(("router", "boot", "number"), key, strict=True))
        session.add(TestClockPlacement(**fields, account_id=books.account, minute=minute))
    await books.late("2028-02-20T00:00:00", publish=500)
    (march,) = await books.turn(at("2028-04-01T00:00:00"))
    assert any(line.startswith("correction publish_operations 500") for line in await books.lines(march))
    for invoice, late in ((february, 1), (march, 0)):
        found = await proof(books, invoice)
        assert (found.findings, found.late) == ([], late)


async def test_a_batch_that_is_gone_is_named_by_what_it_leaves_open(here: Installation) -> None:
    books, invoice = await a_month(here)
    async with here.accounts.database.transaction() as session:
        await session.delete(await session.get_one(UsageBatch, ("router-1", books.boot.boot, 2)))
    (finding,) = (await proof(books, invoice)).findings
    assert "publish_operations at 0.001 each, cache cache_2: 11 units are charged and not 0" in str(finding)


async def test_a_batch_that_says_something_else_now_is_named(here: Installation) -> None:
    books, invoice = await a_month(here)

    def more(row: UsageBatch) -> None:
        batch = decode(row.payload)
        row.payload = encode(replace(batch, lines=[line._replace(operations=9_999) for line in batch.lines]))

    await altered(books, more)
    found = [str(each) for each in (await proof(books, invoice)).findings]
    assert f"altered: router-1/{books.boot.boot}/1: its bytes are not those that were received" in found
    assert any("1234 units are charged and not 9999" in each for each in found)


async def test_what_is_deleted_for_its_age_cannot_be_proved_and_is_not_called_clean(here: Installation) -> None:
    books, invoice = await a_month(here)
    async with here.accounts.database.transaction() as session:
        await usage.set_pruned(session, BATCHES, 10**9)
    try:
        (finding,) = (await proof(books, invoice)).findings
        assert "were deleted for their age" in str(finding)
    finally:
        async with here.accounts.database.transaction() as session:
            await session.execute(update(UsagePruned).where(UsagePruned.step == BATCHES).values(before=0))


async def test_what_is_no_invoice_is_refused(here: Installation) -> None:
    books, invoice = await a_month(here)
    proofs = Proofs(here.accounts.database, BillingSettings())
    for name in ("INV-999999", "nothing", "7777777"):
        with pytest.raises(NotFound, match=f"'{name}' does not exist"):
            await proofs.prove(name)
    note = await books.finance.invoices.void(invoice.id, SYSTEM, "wrong", bill_again=False)
    with pytest.raises(InvalidArgument, match="is a credit note"):
        await proofs.prove(note.id)
    assert not (await proof(books, invoice)).findings
