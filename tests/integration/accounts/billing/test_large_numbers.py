"""Numbers that a float cannot hold, and the largest that a column can, from a batch to a bill: exact, or refused."""

import csv
import io
import json
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from accounts.usage.scope import Scope
from api.errors import InvalidArgument
from api.usage import LARGEST_COUNT, PUBLISH, Line
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.test_usage_sums import now_minute

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRICE = "0.000000000123"
FLOAT, COLUMN = 2**53, 2**63 - 1
FEBRUARY = "from=2028-02-01&to=2028-03-01"
NUMBERS = count(1)
parquet: Any = import_module("pyarrow.parquet")  # it has no types


async def account(here: Installation) -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"large{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.turn(at("2028-02-01T00:00:00"))
    return books, here.rest(authorization=tenant.key)


async def use(books: Books, units: int, cache: str = "cache_1") -> None:
    """Have so many messages, bytes and operations counted, in batches where a router may say as many."""
    while units:
        now = min(units, LARGEST_COUNT - 1) if units < 4 * LARGEST_COUNT else units
        units -= now
        line = Line(books.account, cache, PUBLISH, f"key:{cache}", now, now, now)
        if now < LARGEST_COUNT:
            await books.here.accounts.ledger.batches.apply([books.boot.seal(now_minute(), [line])])
        else:
            async with books.here.accounts.database.transaction() as session:
                minute = at("2028-02-01T00:00:00") // 60
                await books.here.accounts.usage.record(session, [(minute, "router-1", line)])


@pytest.mark.parametrize("units", [FLOAT - 1, FLOAT + 1, COLUMN])
async def test_no_unit_is_lost_from_a_batch_to_a_bill(here: Installation, tmp_path: Path, units: int) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations=PRICE))
    await use(books, units)
    async with program:
        (row, *more) = (await program.get(f"/v1/usage?granularity=month&{FEBRUARY}")).json()["usage"]
        (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
        exported = {
            form: (await program.get(f"/v1/exports/usage?{FEBRUARY}&granularity=day&format={form}")).content
            for form in ("csv", "jsonl", "parquet", "cloudevents")
        }
        focus = (await program.get("/v1/exports/charges?format=focus")).text
        charges = (await program.get("/v1/exports/charges?format=csv")).text
    assert more == []
    assert [row[name] for name in ("messages", "bytes", "operations")] == [units] * 3

    exact = Decimal(units) * Decimal(PRICE)
    assert invoice.total == exact.quantize(Decimal("0.01"))
    file = tmp_path / "usage.parquet"
    file.write_bytes(exported["parquet"])
    assert sum(row["bytes"] for row in parquet.read_table(file).to_pylist()) == units
    assert sum(int(row["bytes"]) for row in csv.DictReader(io.StringIO(exported["csv"].decode()))) == units
    assert sum(json.loads(line)["bytes"] for line in exported["jsonl"].splitlines()) == units
    if units < COLUMN:  # it came in batches, which are what events are made of
        events = [json.loads(line)["data"] for line in exported["cloudevents"].splitlines()]
        assert sum(event["bytes"] for event in events) == units
    (used,) = [row for row in csv.DictReader(io.StringIO(focus)) if row["x_Kind"] == "usage"]
    assert Decimal(used["ConsumedQuantity"]) == units
    assert Decimal(used["BilledCost"]) == exact
    (charged,) = [row for row in csv.DictReader(io.StringIO(charges)) if row["kind"] == "usage"]
    assert (int(charged["quantity"]), Decimal(charged["exact_amount"])) == (units, exact)


async def test_a_sum_of_columns_may_be_larger_than_a_column(here: Installation) -> None:
    books, program = await account(here)
    for cache in ("cache_1", "cache_2", "cache_3"):
        await use(books, COLUMN, cache)
    async with program:
        (row,) = (await program.get(f"/v1/usage?granularity=month&{FEBRUARY}")).json()["usage"]
    assert row["bytes"] == 3 * COLUMN


async def test_a_column_that_is_full_takes_no_more_and_wraps_around_never(here: Installation) -> None:
    books, program = await account(here)
    await use(books, COLUMN)
    await program.aclose()
    with pytest.raises(InvalidArgument, match="larger than can be kept"):
        await use(books, 1)
    async with here.accounts.database.reading() as session:
        start = at("2028-02-01T00:00:00") // 60
        (used,) = await here.accounts.usage.totals(session, Scope(books.account), start, start + 1440)
    assert used.counts.bytes == COLUMN
