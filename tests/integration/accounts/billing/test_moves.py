"""An account that moves to another time zone: each month is billed once, whole, in one currency, and exported once."""

from pathlib import Path

import pytest

from accounts.audit import SYSTEM
from accounts.export_schedules.destinations import Folder
from accounts.export_schedules.service import Schedules
from accounts.export_schedules.wanted import Wanted
from accounts.invoices.models import Invoice
from accounts.pricing import repository as pricing_rows
from accounts.pricing.models import ClosedPeriod
from api.errors import InvalidArgument
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW_YORK, KIRITIMATI = "America/New_York", "Pacific/Kiritimati"


async def move(books: Books, zone: str) -> None:
    await books.here.accounts.ledger.reports.change_time_zone(books.account, SYSTEM, zone)


def span(invoice: Invoice) -> tuple[int, int]:
    return invoice.period_start, invoice.period_end


@pytest.mark.parametrize(("zone", "ends"), [(NEW_YORK, "2028-03-01T05:00:00"), (KIRITIMATI, "2028-02-29T10:00:00")])
async def test_a_month_with_a_move_costs_one_minimum(here: Installation, zone: str, ends: str) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.has(plan(minimum="30"))
    (january,) = await books.turn(at("2028-02-10T00:00:00"))
    await move(books, zone)
    assert await books.turn(at(ends) - 1) == []
    (february,) = await books.turn(at(ends))
    assert [span(january), span(february)] == [
        (at("2028-01-01T00:00:00"), at("2028-02-01T00:00:00")),
        (at("2028-02-01T00:00:00"), at(ends)),
    ]
    assert (january.total, february.total) == (30, 30)
    (march,) = await books.turn(at("2028-04-01T00:00:00", zone))
    assert (span(march), march.total) == ((at(ends), at("2028-04-01T00:00:00", zone)), 30)


@pytest.mark.parametrize("zone", [NEW_YORK, KIRITIMATI])
async def test_a_plan_that_is_to_come_comes_with_the_month(here: Installation, zone: str) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.has(plan("USD", minimum="30"))
    await books.turn(at("2028-02-10T00:00:00"))
    await books.has(plan("JPY", minimum="3000"), "next_month")
    await move(books, zone)
    (february,) = await books.turn(at("2028-03-01T00:00:00", zone))
    assert (february.currency, await books.lines(february)) == ("USD", ["minimum minimum 1 30.00"])
    (march,) = await books.turn(at("2028-04-01T00:00:00", zone))
    assert (march.currency, await books.lines(march)) == ("JPY", ["minimum minimum 1 3000"])


async def test_nobody_moves_into_another_month(here: Installation) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.turn(at("2028-02-29T10:00:00"))
    with pytest.raises(InvalidArgument, match="another month in Pacific/Kiritimati already"):
        await move(books, KIRITIMATI)
    await move(books, NEW_YORK)
    await books.turn(at("2028-03-01T04:59:59"))
    with pytest.raises(InvalidArgument, match="another month in UTC already"):
        await move(books, "UTC")
    await books.turn(at("2028-03-01T05:00:00"))
    await move(books, "UTC")


async def test_who_has_just_signed_up_says_where_they_are(here: Installation) -> None:
    books = await Books.open(here, "2028-02-01T01:00:00")
    await move(books, NEW_YORK)
    draft = await books.finance.invoices.draft(books.account)
    assert draft.period.label == "2028-01"


async def test_each_month_is_exported_once_whatever_the_zone(here: Installation, tmp_path: Path) -> None:
    books, finance = await Books.open(here, "2028-01-01T00:00:00"), here.accounts.finance
    await books.has(plan(publish_operations="0.01"))
    mine = Schedules(
        here.accounts.database, finance.clocks, finance.exports, finance.invoices.settings, Folder(tmp_path)
    )
    made = await mine.make(books.account, SYSTEM, Wanted("charges", "csv", "month"))
    for day, zone in (("2028-01-10", None), ("2028-02-10", NEW_YORK), ("2028-03-10", KIRITIMATI), ("2028-04-10", None)):
        await books.turn(at(f"{day}T00:00:00"))
        await books.use(publish=int(day[6]))
        await mine.run_due()
        if zone is not None:
            await move(books, zone)
    await books.turn(at("2028-05-02T00:00:00"))
    await mine.run_due()
    (folder,) = (tmp_path / books.account).iterdir()
    texts = {path.stem: path.read_text() for path in sorted(folder.iterdir())}
    assert list(texts) == ["2028-01", "2028-02", "2028-03", "2028-04"]
    assert all(text.count(f",{month},") == 1 for month, text in texts.items())
    await mine.again(books.account, SYSTEM, made.id, "2028-02-10")
    assert await mine.run_due() == "3 files"
    assert {path.stem: path.read_text() for path in sorted(folder.iterdir())} == texts


async def test_a_move_in_the_first_month_leaves_a_plan_its_month(here: Installation) -> None:
    books = await Books.open(here, "2028-02-01T01:00:00")
    await books.has(plan(minimum="30"), "next_month")
    await move(books, NEW_YORK)
    held = await books.finance.pricing.held_by(books.account)
    assert [each.since for each in held[1:]] == [at("2028-03-01T00:00:00", NEW_YORK)]
    for zone in ("UTC", NEW_YORK):
        await move(books, zone)
    assert await books.finance.pricing.held_by(books.account) == held
    assert await books.turn(at("2028-03-01T00:00:00", NEW_YORK)) == []
    (march,) = await books.turn(at("2028-04-01T00:00:00", NEW_YORK))
    assert march.total == 30


async def test_no_move_has_a_plan_that_is_to_come_begin_before_it(here: Installation) -> None:
    books = await Books.open(here, "2028-01-31T20:00:00")
    await books.has(plan(minimum="30"), "next_month")
    with pytest.raises(InvalidArgument, match="another month in Pacific/Kiritimati already"):
        await move(books, KIRITIMATI)
    await books.turn(at("2028-02-01T00:00:00"))
    held = await books.finance.pricing.held_by(books.account)
    await books.turn(at("2028-02-01T02:00:00"))
    await move(books, KIRITIMATI)
    assert await books.finance.pricing.held_by(books.account) == held
    (february,) = await books.turn(at("2028-03-01T00:00:00", KIRITIMATI))
    assert february.total == 30


async def test_the_time_zone_of_before_can_be_said_again_at_any_time(here: Installation) -> None:
    books = await Books.open(here, "2028-01-01T00:00:00")
    await books.turn(at("2028-02-01T00:00:00") - 1)
    async with here.accounts.database.transaction() as session:
        await books.finance.clocks.turn(session, SYSTEM, books.account, at("2028-02-01T00:00:00"))
    with pytest.raises(InvalidArgument, match="not invoiced yet"):
        await move(books, NEW_YORK)
    await move(books, "UTC")


async def test_hours_that_an_older_version_billed_by_themselves_are_exported_with_their_month(
    here: Installation, tmp_path: Path
) -> None:
    books, finance = await Books.open(here, "2028-01-01T00:00:00"), here.accounts.finance
    await books.has(plan(publish_operations="0.01"))
    mine = Schedules(
        here.accounts.database, finance.clocks, finance.exports, finance.invoices.settings, Folder(tmp_path)
    )
    made = await mine.make(books.account, SYSTEM, Wanted("charges", "csv", "month"))
    await books.use(publish=7)
    await books.turn(at("2028-02-01T00:00:00"))
    ends = at("2028-02-01T00:00:00", NEW_YORK)
    hours = ClosedPeriod(account_id=books.account, start=at("2028-02-01T00:00:00"), end=ends, zone=NEW_YORK)
    hours.closed_at = ends
    async with here.accounts.database.transaction() as session:
        pricing_rows.add_closed(session, hours)
    await books.set_zone(NEW_YORK)
    await books.turn(at("2028-03-02T00:00:00"))
    for again in (None, "2028-01-10T00:00:00", "2028-01-31T22:00:00"):
        if again is not None:
            await mine.again(books.account, SYSTEM, made.id, again)
        await mine.run_due()
        (folder,) = (tmp_path / books.account).iterdir()
        assert [path.stem for path in sorted(folder.iterdir())] == ["2028-01", "2028-02"]
        assert (folder / "2028-01.csv").read_text().count(",2028-01,") == 1
