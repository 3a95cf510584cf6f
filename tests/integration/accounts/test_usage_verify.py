"""`tidings usage verify`: what it says of sums that are right, and of each thing that can be wrong with them."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from accounts.batches.models import UsageBatch
from accounts.batches.pruning import Pruning
from accounts.batches.retention import Retention
from accounts.batches.verifying import Verdict, Watch
from accounts.usage.models import UsageDay, UsageHour, UsageMinute, UsagePrincipalQuarter, UsageQuarter, UsageSeries
from api.errors import Unavailable
from api.usage import decode, encode
from tests.integration.accounts.counted import Boot, published
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.test_usage_sums import apply_all, boots_of_a_month, now_minute
from tests.unit.clock import Clock


async def verdict(here: Installation) -> Verdict:
    return await here.accounts.ledger.verifier.verify()


async def change(here: Installation, statement: Any) -> None:
    async with here.accounts.database.transaction() as session:
        await session.execute(statement)


def findings(of: Verdict) -> list[tuple[str, str]]:
    return [(finding.what, finding.where) for finding in of.findings]


@pytest.fixture
async def counted(here: Installation) -> Installation:
    """Three boots that counted over a month, applied in any order."""
    await apply_all(here, boots_of_a_month(seed=11), seed=12)
    return here


@pytest.fixture
async def simple(here: Installation) -> Installation:
    """One boot with three batches of one minute, an hour ago."""
    boot, minute = Boot("router-1", "a"), now_minute() // 60 * 60 - 60
    lines = [published("acme", "cache", "key:k", 100)]
    await here.accounts.ledger.batches.apply([boot.seal(minute, lines, last=number == 2) for number in range(3)])
    return here


async def test_sums_are_proved_by_batches_in_whatever_order_they_came(counted: Installation) -> None:
    clean = await verdict(counted)
    assert clean.findings == []
    assert clean.boots == 4
    assert clean.batches > 40
    assert len(clean.open_boots) == 4


async def test_a_boot_that_has_said_its_end_is_not_noted(simple: Installation) -> None:
    assert (await verdict(simple)).open_boots == []


@pytest.mark.parametrize("number", [1, 3])
async def test_a_batch_that_is_lost_shows(simple: Installation, number: int) -> None:
    await change(simple, delete(UsageBatch).where(UsageBatch.number == number))
    found = findings(await verdict(simple))
    assert ("missing", f"router-1/a/{number}") in found
    assert any(what == "different" for what, _ in found)


def altered(payload: bytes) -> bytes:
    batch = decode(payload)
    lines = [line._replace(operations=line.operations + 1) for line in batch.lines]
    return encode(type(batch)(batch.router, batch.boot, batch.number, batch.previous, batch.minute, lines, batch.last))


async def test_a_batch_that_is_altered_shows(simple: Installation) -> None:
    async with simple.accounts.database.transaction() as session:
        row = await session.get_one(UsageBatch, ("router-1", "a", 2))
        row.payload = altered(row.payload)
    found = findings(await verdict(simple))
    assert ("altered", "router-1/a/2") in found
    assert ("altered", "router-1/a/3") in found  # which holds the digest of what the router wrote
    assert any(what == "different" for what, _ in found)


async def test_bytes_that_are_no_batch_show(simple: Installation) -> None:
    await change(simple, update(UsageBatch).where(UsageBatch.number == 3).values(payload=b"nothing"))
    assert ("altered", "router-1/a/3") in findings(await verdict(simple))


async def test_a_batch_that_was_moved_to_another_minute_shows(simple: Installation) -> None:
    moved = update(UsageBatch).where(UsageBatch.number == 3)
    await change(simple, moved.values(minute=UsageBatch.minute - 100_000))
    assert ("altered", "router-1/a/3") in findings(await verdict(simple))


async def test_a_sum_that_was_changed_shows_in_each_step(simple: Installation) -> None:
    tables: list[Any] = [UsageMinute, UsageQuarter, UsagePrincipalQuarter, UsageHour, UsageDay]
    for table in tables:
        await change(simple, update(table).values(operations=table.operations + 1))
        found = (await verdict(simple)).findings
        assert {finding.what for finding in found} == {"different"}
        assert "operations is 4 and not 3" in found[0].detail
        await change(simple, update(table).values(operations=table.operations - 1))
    assert not (await verdict(simple)).findings


async def test_a_sum_that_is_gone_shows(simple: Installation) -> None:
    await change(simple, delete(UsageHour))
    assert {finding.what for finding in (await verdict(simple)).findings} == {"different"}


async def test_what_is_deleted_for_its_age_is_not_missed_and_never_counted_again(here: Installation) -> None:
    now, boot = now_minute(), Boot("router-1", "a")
    minutes = [now - 30 * 1440, now - 29 * 1440, now - 5, now]
    payloads = [boot.seal(minute, [published("acme", "cache", "", 1)]) for minute in minutes]
    await here.accounts.ledger.batches.apply(payloads)
    clock = Clock(float(now * 60 + 20 * 86_400))
    said = await Pruning(here.accounts.database, Retention(40, 40, 40, 60), clock).run()
    assert said.startswith("2 batches, ")
    assert (await verdict(here)).findings == []
    assert (await here.accounts.ledger.batches.apply(payloads)).new == 0
    assert (await verdict(here)).findings == []


async def test_what_sums_were_of_goes_with_the_last_of_them(here: Installation) -> None:
    now, boot = now_minute(), Boot("router-1", "a")
    batches = here.accounts.ledger.batches
    for token in ("gone", "stays"):
        await batches.apply([boot.seal(now, [published("acme", "cache", f"token:{token}", 1)])])

    async def prune(days: int) -> str:
        clock = Clock(float(now * 60 + days * 86_400))
        return await Pruning(here.accounts.database, Retention(40, 40, 40, 60), clock).run()

    assert "and 2 series" in await prune(50)  # of quarters of all caches, one for each token_id
    assert "and 2 series" in await prune(62)
    async with here.accounts.database.reading() as session:
        (newest,) = (await session.scalars(select(UsageSeries.principal))).all()
    assert newest == "token:stays"
    again = boot.seal(now, [published("acme", "cache", "token:stays", 1)])
    with pytest.raises(Unavailable):
        await batches.apply([again])  # it remembered a series that is no more
    assert (await batches.apply([again])).new == 1
    assert len((await verdict(here)).findings) == 0


async def test_sums_that_outlive_their_batches_are_proved_by_one_another(here: Installation) -> None:
    now, boot = now_minute(), Boot("router-1", "a")
    await here.accounts.ledger.batches.apply([boot.seal(now - 30 * 1440, [published("acme", "cache", "", 1)])])
    clock = Clock(float(now * 60 + 20 * 86_400))
    await Pruning(here.accounts.database, Retention(40, 100, 100, 100), clock).run()
    assert not (await verdict(here)).findings
    await change(here, update(UsageHour).values(messages=9))
    assert (await verdict(here)).findings


async def test_the_hourly_look_tells_the_log(simple: Installation, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(simple.accounts.ledger.verifier)
    assert await watch.run() == "3 batches of 1 boots, 0 findings"
    await change(simple, update(UsageMinute).values(bytes=0))
    assert (await watch.run()).endswith(" findings")
    assert "usage is not proved: different: account acme" in caplog.text
