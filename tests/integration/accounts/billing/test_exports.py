"""Exports: read back by other software they have the same sums, bills add up, and FOCUS is as specified."""

import csv
import io
import json
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.audit import SYSTEM
from accounts.exports import repository
from accounts.exports import usage as export_usage
from api.usage import PUBLISH, Line
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.billing.focus_rules import problems
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = count(1)
MANY = 1_000_000

# It has no types.
parquet: Any = import_module("pyarrow.parquet")
arrow_csv: Any = import_module("pyarrow.csv")
FEBRUARY = "from=2028-02-01&to=2028-03-01"


async def account(here: Installation) -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"exporter{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.turn(at("2028-02-01T00:00:00"))
    return books, here.rest(authorization=tenant.key)


async def a_month(books: Books, program: httpx.AsyncClient) -> str:
    """Use two caches in a month, one of them with a name that a spreadsheet would take for a formula."""
    await program.post("/v1/caches", json={"name": "=cmd|' /C calc'!A0"})
    snapshot = await books.here.directory.account(books.account)
    assert snapshot is not None
    (cache,) = snapshot.caches.values()
    await books.use(publish=120, delivery=300, cache=cache.id, principal="token:@ada")
    await books.turn(at("2028-02-10T10:30:00"))
    await books.use(publish=3, cache="cache_gone", principal="key:key_1")
    await books.use(publish=77, cache=cache.id)
    return cache.id


def totals(rows: list[dict[str, str]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["meter"]] = sums.get(row["meter"], 0) + int(row["operations"])
    return sums


EXPECTED = {"publish": 200, "delivery": 300}


@pytest.mark.parametrize("granularity", ["minute", "hour", "day"])
async def test_usage_is_the_same_in_every_format(
    here: Installation, granularity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_usage, "PAGE_ROWS", 2)
    monkeypatch.setattr(export_usage, "PAGE_SERIES", 3)
    books, program = await account(here)
    async with program:
        await a_month(books, program)
        answers = {
            form: await program.get(f"/v1/exports/usage?{FEBRUARY}&granularity={granularity}&format={form}")
            for form in ("csv", "jsonl", "parquet")
        }
    assert {answer.status_code for answer in answers.values()} == {200}
    rows = list(csv.DictReader(io.StringIO(answers["csv"].text)))
    lines = [json.loads(line) for line in answers["jsonl"].text.splitlines()]
    file = tmp_path / "usage.parquet"
    file.write_bytes(answers["parquet"].content)
    table = parquet.read_table(file).to_pylist()
    assert totals(rows) == totals(lines) == totals(table) == EXPECTED
    assert table == lines
    read = arrow_csv.read_csv(io.BytesIO(answers["csv"].content)).to_pylist()
    assert totals(read) == EXPECTED
    assert {row["principal"] for row in rows} == {"token:@ada", "key:key_1", ""}
    assert answers["csv"].headers["content-disposition"].endswith(f'usage-{books.account}.csv"')


async def test_each_of_many_token_ids_is_exported_and_none_is_asked_for_by_itself(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, program = await account(here)
    many = 1_200
    lines = [Line(books.account, "cache_1", PUBLISH, f"token:{number:04}", 1, 1, 1) for number in range(many)]
    await here.accounts.ledger.batches.apply([books.boot.seal(int(time.time()) // 60, lines)])
    reads = 0
    reading = here.accounts.database.reading

    def counted() -> AbstractAsyncContextManager[AsyncSession]:
        nonlocal reads
        reads += 1
        return reading()

    monkeypatch.setattr(here.accounts.database, "reading", counted)
    async with program:
        answer = await program.get(f"/v1/exports/usage?{FEBRUARY}&format=jsonl")
    told = [json.loads(line)["principal"] for line in answer.text.splitlines()]
    assert sorted(told) == [line.principal for line in lines]
    assert reads < 50


async def test_a_page_does_not_read_again_what_earlier_pages_had(here: Installation) -> None:
    books = Books(here, (await here.tenant(f"exporter{next(NUMBERS)}")).id)
    now, many = int(time.time()) // 60, 40
    lines = [Line(books.account, "cache_1", PUBLISH, f"token:{number:04}", 1, 1, 1) for number in range(many)]
    await here.accounts.ledger.batches.apply([books.boot.seal(minute, lines) for minute in range(now - 3, now)])
    database, asked = here.accounts.database, list[Any]()

    def note(_: Connection, __: Any, statement: str, values: Any, *___: Any) -> None:
        asked.extend(values if "usage_minute" in statement else ())

    async with database.reading() as session:
        ids = await repository.series_ids(session, books.account)
        span = ("minute", ids, 0, 2**31 - 1)
        all_sums = await repository.sums(session, *span, None, MANY)
        event.listen(Engine, "before_cursor_execute", note)
        middle = all_sums[len(all_sums) // 2]
        rest = await repository.sums(session, *span, (middle.series_id, middle.minute), MANY)
        event.remove(Engine, "before_cursor_execute", note)
    assert len(all_sums) == 3 * many
    assert rest == all_sums[len(all_sums) // 2 + 1 :]
    before = {each.series_id for each in all_sums} - {each.series_id for each in rest} - {middle.series_id}
    assert asked
    assert not before.intersection(asked)


async def test_a_text_that_a_spreadsheet_would_obey_is_defused(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await a_month(books, program)
        answer = await program.get(f"/v1/exports/usage?{FEBRUARY}")
    names = {row["cache_name"] for row in csv.DictReader(io.StringIO(answer.text))}
    assert names == {"'=cmd|' /C calc'!A0", ""}


async def test_cloudevents_have_stable_ids_and_show_what_was_lost(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, program = await account(here)
    async with program:
        await a_month(books, program)
        path = f"/v1/exports/usage?{FEBRUARY}&format=cloudevents"
        first = [json.loads(line) for line in (await program.get(path)).text.splitlines()]
        monkeypatch.setattr(export_usage, "PAGE_BATCHES", 1)
        again = [json.loads(line) for line in (await program.get(path)).text.splitlines()]
    assert first == again
    assert len({event["id"] for event in first}) == len(first) == 4
    assert {event["source"] for event in first} == {f"/routers/router-1/boots/{books.boot.boot}"}
    assert {event["subject"] for event in first} == {books.account}
    assert [(int(event["sequence"]), event.get("previous")) for event in first] == [
        (1, None),
        (1, None),
        (2, f"{1:020d}"),
        (3, f"{2:020d}"),
    ]
    assert all(event["specversion"] == "1.0" and event["time"].startswith("2028-02-") for event in first)
    assert sum(e["data"]["operations"] for e in first if e["type"] == "tidings.usage.counted.v1") == 500


class Billed(NamedTuple):
    account: str
    february: str
    program: httpx.AsyncClient

    async def rows(self, path: str) -> list[dict[str, str]]:
        answer = await self.program.get(f"/v1/exports/{path}")
        return list(csv.DictReader(io.StringIO(answer.text)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def billed(here: Installation) -> AsyncGenerator[Billed]:
    """Two months with everything that an invoice may have."""
    books, program = await account(here)
    await books.has(plan(publish_operations="0.0033", delivery_operations="0.0017", minimum="5"))
    await books.finance.profiles.change(books.account, SYSTEM, {"tax_rate": Decimal("0.2"), "tax_name": "VAT"})
    await books.finance.balances.grant(books.account, SYSTEM, "USD", Decimal(1), "welcome")
    await books.finance.balances.adjust(books.account, SYSTEM, "USD", Decimal("0.37"), "a service")
    async with program:
        await a_month(books, program)
        (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
        await books.late("2028-02-03T00:00:00", publish=12345)
        await books.use(publish=10)
        await books.turn(at("2028-04-01T00:00:00"))
        yield Billed(books.account, invoice.id, program)


@pytest.mark.parametrize("form", ["csv", "focus"])
async def test_charges_add_up_to_what_invoices_say(billed: Billed, form: str) -> None:
    id, amount = ("invoice_id", "exact_amount") if form == "csv" else ("InvoiceId", "BilledCost")
    sums: dict[str, Decimal] = {}
    for row in await billed.rows(f"charges?format={form}"):
        sums[row[id]] = sums.get(row[id], Decimal(0)) + Decimal(row[amount])
    invoices = await billed.rows("invoices")
    assert sums == {row["invoice_id"]: Decimal(row["total"]) for row in invoices}
    assert len(invoices) == 2


async def test_charges_of_a_time_are_those_of_its_months(billed: Billed) -> None:
    assert {row["invoice_id"] for row in await billed.rows(f"charges?{FEBRUARY}")} == {billed.february}


async def test_focus_holds_to_the_specification(billed: Billed) -> None:
    rows = await billed.rows("charges?format=focus")
    assert problems(rows) == []
    kinds = {"usage", "minimum", "adjustment", "credit", "tax", "rounding", "correction"}
    assert {row["x_Kind"] for row in rows} == kinds
    usage = next(row for row in rows if (row["x_Kind"], row["SkuId"]) == ("usage", "delivery_operations"))
    assert (usage["ServiceCategory"], usage["ServiceSubcategory"]) == ("Integration", "Messaging")
    assert (usage["SkuMeter"], usage["ConsumedUnit"]) == ("Delivered operations", "Operations")
    assert json.loads(usage["Tags"])["tidings:cache"] == usage["SubAccountName"].removeprefix("'")
    assert all(row["ChargeClass"] == ("Correction" if row["x_Kind"] == "correction" else "NULL") for row in rows)


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("BilledCost", ""),
        ("ChargeCategory", "Use"),
        ("ChargePeriodEnd", "2028-03-01"),
        ("SkuId", "NULL"),
        ("ListCost", "1"),
        ("SubAccountName", "NULL"),
    ],
)
async def test_the_check_of_focus_finds_what_is_wrong(billed: Billed, column: str, wrong: str) -> None:
    rows = await billed.rows("charges?format=focus")
    assert problems([{**rows[0], column: wrong}])


async def test_exports_are_their_accounts_own(here: Installation, billed: Billed) -> None:
    _, other = await account(here)
    async with other:
        for path in (f"usage?{FEBRUARY}", "charges", "charges?format=focus", "invoices"):
            assert len(await billed.rows(path)) > 1
            assert len((await other.get(f"/v1/exports/{path}")).text.splitlines()) == 1
        for path in ("usage?format=xml", "usage?from=x", "usage?from=2028-03-01&to=2028-02-01", "charges?format=pdf"):
            assert (await other.get(f"/v1/exports/{path}")).status_code == 400
