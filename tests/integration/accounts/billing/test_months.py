"""Months become invoices: once, in their time zone, with a number each, whatever happens meanwhile."""

import asyncio
from decimal import Decimal

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from accounts.audit import SYSTEM
from accounts.billing.money import total
from accounts.invoices import closing
from api.errors import InvalidArgument
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 86400


async def test_a_month_by_the_test_clock_is_metered_rated_and_invoiced(here: Installation) -> None:
    books = await Books.open(here, "2028-02-01T00:00:00")
    await books.has(plan(publish_operations="0.001", delivery_operations="0.0005"))
    await books.use(publish=1234, delivery=999)
    await books.turn(at("2028-02-29T23:00:00"))
    await books.use(publish=1, cache="cache_2")
    assert await books.draft() == [
        "usage delivery_operations 999 0.50",
        "usage publish_operations 1235 1.24",
        "rounding 1 -0.01",
    ]
    (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
    assert await books.lines(invoice) == [
        "usage delivery_operations 999 0.50",
        "usage publish_operations 1235 1.24",
        "rounding 1 -0.01",
    ]
    assert (invoice.total, invoice.state, invoice.series) == (Decimal("1.73"), "final", "test")
    assert await books.draft() == []


async def test_a_month_without_charges_makes_no_invoice(here: Installation) -> None:
    books = await Books.open(here, "2028-02-01T00:00:00")
    await books.use(publish=10**6)
    assert await books.turn(at("2028-04-01T00:00:00")) == []


async def test_usage_that_comes_later_goes_to_the_next_invoice_and_names_its_month(here: Installation) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.has(plan(publish_operations="0.01"))
    await books.use(publish=100)
    (january,) = await books.turn(at("2028-02-01T00:00:00"))
    await books.late("2028-01-31T23:59:00", publish=50)
    await books.use(publish=7)
    (february,) = await books.turn(at("2028-03-01T00:00:00"))
    assert january.total == Decimal("1.00")
    assert await books.lines(february) == ["usage publish_operations 7 0.07", "correction publish_operations 50 0.50"]
    _, statement = await books.finance.invoices.read(books.account, february.id)
    assert [line.period.label for line in statement.lines] == ["2028-02", "2028-01"]
    assert await books.turn(at("2028-04-01T00:00:00")) == []


async def test_later_usage_costs_what_it_would_have_cost_in_its_month(here: Installation) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.has(plan(publish_operations="0.01", minimum="5"))
    await books.use(publish=100)
    (january,) = await books.turn(at("2028-02-01T00:00:00"))
    assert await books.lines(january) == ["usage publish_operations 100 1.00", "minimum minimum 1 4.00"]
    await books.late("2028-01-10T00:00:00", publish=150)
    draft = await books.draft()
    assert draft[-3:] == [
        "correction publish_operations 150 1.50",
        "correction minimum 1 2.50",
        "correction minimum -1 -4.00",
    ]


@pytest.mark.parametrize(
    ("zone", "begins", "inside", "ends"),
    [
        ("Europe/Vienna", "2026-03-01T00:00:00", "2026-03-31T23:59:59", "2026-04-01T00:00:00"),
        ("America/Santiago", "2026-09-01T00:00:00", "2026-09-30T23:59:59", "2026-10-01T00:00:00"),
        ("Asia/Kathmandu", "2028-02-01T00:00:00", "2028-02-29T23:59:59", "2028-03-01T00:00:00"),
    ],
)
async def test_a_month_ends_at_its_own_midnight(
    here: Installation, zone: str, begins: str, inside: str, ends: str
) -> None:
    books = await Books.open(here, begins, zone)
    await books.has(plan(publish_operations="1"))
    await books.use(publish=1)
    assert await books.turn(at(inside, zone)) == []
    await books.use(publish=2)
    (invoice,) = await books.turn(at(ends, zone))
    await books.use(publish=4)
    assert (invoice.period_start, invoice.period_end) == (at(begins, zone), at(ends, zone))
    assert invoice.total == 3
    assert await books.draft() == ["usage publish_operations 4 4.00"]


async def test_a_change_of_plan_is_rated_by_part(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="0.10", minimum="3"))
    await books.use(publish=5)
    await books.turn(at("2028-06-11T00:00:00"))
    await books.has(plan(publish_operations="0.01", minimum="30"), by_operator=True)
    await books.use(publish=500)
    (invoice,) = await books.turn(at("2028-07-01T00:00:00"))
    assert await books.lines(invoice) == [
        "usage publish_operations 5 0.50",
        "minimum minimum 1 0.50",
        "usage publish_operations 500 5.00",
        "minimum minimum 1 15.00",
    ]


async def test_a_currency_changes_with_the_month(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="0.10"))
    await books.turn(at("2028-06-02T00:00:00"))
    with pytest.raises(InvalidArgument, match="changes with the month"):
        await books.has(plan("KWD", publish_operations="0.0011"))
    await books.has(plan("KWD", publish_operations="0.0011"), "next_month")
    await books.use(publish=5)
    await books.turn(at("2028-07-01T00:00:00"))
    await books.use(publish=5)
    await books.late("2028-06-11T00:00:00", publish=1)
    made = await books.turn(at("2028-08-01T00:00:00"))
    assert [(each.currency, str(each.total)) for each in made] == [("KWD", "0.006"), ("USD", "0.10")]


async def test_a_plan_that_charges_nothing_has_no_currency_to_speak_of(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.use(publish=5)
    await books.turn(at("2028-06-11T00:00:00"))
    await books.has(plan("KWD", publish_operations="0.0011"))
    await books.use(publish=5)
    await books.turn(at("2028-06-21T00:00:00"))
    await books.finance.pricing.assign(books.account, SYSTEM, "free", 1, "now", any_plan=False)
    (june,) = await books.turn(at("2028-07-01T00:00:00"))
    assert (june.currency, await books.lines(june)) == ("KWD", ["usage publish_operations 5 0.006"])


async def test_credits_and_adjustments_are_used_once(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    balances, account = books.finance.balances, books.account
    await balances.grant(account, SYSTEM, "USD", Decimal(3), "welcome")
    await books.turn(at("2028-06-02T00:00:00"))
    await balances.grant(account, SYSTEM, "USD", Decimal(10), "an apology")
    await balances.adjust(account, SYSTEM, "USD", Decimal(-1), "an outage")
    await books.finance.profiles.change(account, SYSTEM, {"tax_rate": Decimal("0.20"), "tax_name": "VAT"})
    await books.use(publish=10)
    (june,) = await books.turn(at("2028-07-01T00:00:00"))
    assert await books.lines(june) == [
        "usage publish_operations 10 10.00",
        "adjustment 1 -1.00",
        "credit 1 -3.00",
        "credit 1 -6.00",
        "tax 1 0.00",
    ]
    assert (june.total, june.state) == (0, "paid")
    await books.use(publish=10)
    (july,) = await books.turn(at("2028-08-01T00:00:00"))
    assert await books.lines(july) == ["usage publish_operations 10 10.00", "credit 1 -4.00", "tax 1 1.20"]
    assert july.total == Decimal("7.20")


async def test_what_is_owed_to_the_customer_becomes_a_credit(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.finance.balances.adjust(books.account, SYSTEM, "USD", Decimal(-5), "an outage")
    (june,) = await books.turn(at("2028-07-01T00:00:00"))
    assert (june.total, june.state) == (0, "paid")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    (july,) = await books.turn(at("2028-08-01T00:00:00"))
    assert july.total == 3


async def test_a_month_is_closed_once_by_whoever_is_first(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    async with here.accounts.database.transaction() as session:
        await books.finance.clocks.turn(session, SYSTEM, books.account, at("2028-07-02T00:00:00"))
    made = await asyncio.gather(*(books.finance.closing.close(books.account) for _ in range(6)))
    assert sum(map(len, made)) == 1


async def test_what_dies_in_the_middle_has_done_nothing(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.finance.balances.grant(books.account, SYSTEM, "USD", Decimal(3), "welcome")
    await books.use(publish=8)

    def dies(*_: object) -> None:
        raise RuntimeError("dies")

    with monkeypatch.context() as patch:
        patch.setattr(closing, "following", dies)
        with pytest.raises(RuntimeError, match="dies"):
            await books.turn(at("2028-07-01T00:00:00"))
    (invoice,) = await books.turn(at("2028-07-01T00:00:00"))
    (after,) = await books.turn(at("2028-08-01T00:00:00")) or [invoice]
    assert (invoice.total, after) == (5, invoice)


async def test_numbers_have_no_gap_among_accounts_that_close_together(here: Installation) -> None:
    everybody = [await Books.open(here, "2028-06-01T00:00:00") for _ in range(6)]
    for books in everybody:
        await books.has(plan(publish_operations="1"))
        await books.use(publish=8)
    made = await asyncio.gather(*(books.turn(at("2028-07-01T00:00:00")) for books in everybody))
    numbers = sorted(invoice.number for invoices in made for invoice in invoices)
    assert numbers == list(range(numbers[0], numbers[0] + 6))


async def test_the_job_closes_what_is_due_after_a_while(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await here.tenant("monthly")
    books, finance = Books(here, ada.id), here.accounts.finance
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    async with here.accounts.database.reading() as session:
        customer = await finance.pricing.customer(session, ada.id)
        period = await finance.pricing.next_period(session, customer)
    for moment, expected in ((period.end, 0), (period.end + 3599, 0), (period.end + 3600, 1), (period.end + DAY, 0)):
        monkeypatch.setattr(finance.clocks, "_now", lambda moment=moment: moment)
        assert (await finance.closing.close_due()).startswith(f"{expected} invoices")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def billed(here: Installation) -> Books:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    await books.turn(at("2028-07-01T00:00:00"))
    return books


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET total = '0'",
        "UPDATE invoice SET number = 7",
        "DELETE FROM invoice",
        "UPDATE invoice_line SET amount = '0'",
        "DELETE FROM invoice_line",
        "UPDATE charge SET quantity = 0",
        "DELETE FROM charge",
        "UPDATE closed_period SET zone = 'UTC'",
        "UPDATE price_plan SET currency = 'EUR'",
    ],
)
async def test_the_database_refuses_to_change_what_was_billed(billed: Books, statement: str) -> None:
    with pytest.raises(DatabaseError, match="never changed"):
        async with billed.here.accounts.database.transaction() as session:
            await session.execute(text(statement))


async def test_a_paid_invoice_is_paid_once(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    (invoice,) = await books.turn(at("2028-07-01T00:00:00"))
    paid = await books.finance.invoices.pay(invoice.id, SYSTEM, "transfer 1")
    assert (paid.state, paid.state_reason) == ("paid", "transfer 1")
    with pytest.raises(Exception, match="is paid already"):
        await books.finance.invoices.pay(invoice.id, SYSTEM, "transfer 2")


@pytest.mark.parametrize("bill_again", [False, True])
async def test_an_invoice_is_void_by_a_credit_note(here: Installation, *, bill_again: bool) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.finance.balances.grant(books.account, SYSTEM, "USD", Decimal(3), "welcome")
    await books.finance.balances.adjust(books.account, SYSTEM, "USD", Decimal(2), "a service")
    await books.use(publish=8)
    (invoice,) = await books.turn(at("2028-07-01T00:00:00"))
    note = await books.finance.invoices.void(invoice.id, SYSTEM, "wrong address", bill_again=bill_again)
    assert (note.number, note.kind, note.total) == (invoice.number + 1, "credit_note", -7)
    assert total(line.amount for line in (await books.finance.invoices.read(None, note.id))[1].lines) == -7
    with pytest.raises(Exception, match="void already"):
        await books.finance.invoices.void(invoice.id, SYSTEM, "again", bill_again=False)
    expected = ["correction publish_operations 8 8.00", "adjustment 1 2.00", "credit 1 -3.00"] if bill_again else []
    assert await books.draft() == expected


async def test_an_invoice_that_the_next_one_does_not_look_at_is_not_billed_again(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    (june,) = await books.turn(at("2028-07-01T00:00:00"))
    await books.use(publish=4)
    await books.late("2028-06-11T00:00:00", publish=2)
    (july,) = await books.turn(at("2028-08-01T00:00:00"))
    await books.turn(at("2028-10-01T00:00:00"))
    for invoice in (june, july):  # the one for July is looked at, and June's usage on it is not
        with pytest.raises(InvalidArgument, match="charges usage of 2028-06, which the next invoice does not look at"):
            await books.finance.invoices.void(invoice.id, SYSTEM, "wrong address", bill_again=True)
    assert await books.draft() == []
    note = await books.finance.invoices.void(june.id, SYSTEM, "wrong address", bill_again=False)
    assert note.total == -8


async def test_an_invoice_that_is_looked_at_for_the_last_time_is_billed_again(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    (june,) = await books.turn(at("2028-07-01T00:00:00"))
    await books.turn(at("2028-09-30T23:59:59"))
    await books.finance.invoices.void(june.id, SYSTEM, "wrong address", bill_again=True)
    (september,) = await books.turn(at("2028-10-01T00:00:00"))
    assert await books.lines(september) == ["correction publish_operations 8 8.00"]
