"""Usage is added up exactly, whatever the order in which batches come, and however often, on every database."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select

from accounts.usage.models import UsageMinute, UsagePrincipalQuarter
from accounts.usage.scope import Dimension, Scope
from accounts.usage.service import Granularity, Used
from api.usage import CONCURRENCY, PUBLISH, Batch, Line
from tests.integration.accounts.counted import (
    Boot,
    Numbers,
    as_found,
    by_hand,
    published,
    random_lines,
    without_principal,
)
from tests.integration.accounts.installation import Installation

FORMS: dict[Granularity, str] = {
    "minute": "%Y-%m-%d %H:%M %z",
    "hour": "%Y-%m-%d %H %z",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
}
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]
KATHMANDU = ZoneInfo("Asia/Kathmandu")
ACCOUNTS = ["acc_1", "acc_2"]


def now_minute() -> int:
    return int(datetime.now(UTC).timestamp()) // 60


def boots_of_a_month(seed: int) -> list[Boot]:
    """Return what four boots of three routers counted at random times of the last 30 days."""
    chance, now = random.Random(seed), now_minute()
    boots = [Boot("router-1", "a"), Boot("router-1", "b"), Boot("router-2", "c"), Boot("router-3", "d")]
    busy = sorted(now - chance.randint(0, 30 * 1440) for _ in range(12))
    for boot in boots:
        for minute in busy:
            for _ in range(chance.randint(1, 3)):
                boot.seal(max(minute + chance.randint(-3, 3), 1), random_lines(chance, ACCOUNTS))
    return boots


async def apply_all(here: Installation, boots: Sequence[Boot], seed: int) -> int:
    """Apply each batch up to five times, in any order, from two consumers at once; return how many were new."""
    chance = random.Random(seed)
    sent = [payload for boot in boots for payload in boot.payloads for _ in range(chance.randint(1, 5))]
    chance.shuffle(sent)
    halves = [sent[::2], sent[1::2]]

    async def consume(payloads: list[bytes]) -> int:
        return sum(
            [(await here.accounts.ledger.batches.apply(payloads[i : i + 40])).new for i in range(0, len(payloads), 40)]
        )

    return sum(await asyncio.gather(*map(consume, halves)))


async def pieces(
    here: Installation, account: str, granularity: Granularity, zone: ZoneInfo, by: Sequence[Dimension], past: int = 0
) -> Sequence[Used]:
    start = now_minute() // 1440 * 1440 - 40 * 1440 + past  # on a border of days the coarsest steps answer
    async with here.accounts.database.reading() as session:
        return await here.accounts.usage.pieces(
            session, Scope(account, by=by), start, start + 42 * 1440, granularity, zone
        )


@pytest.mark.parametrize("past", [0, 7])
async def test_totals_are_exact_in_every_zone_and_piece_however_batches_come(here: Installation, past: int) -> None:
    boots = boots_of_a_month(seed=1)
    assert await apply_all(here, boots, seed=2) == sum(len(boot.batches) for boot in boots)
    batches = [batch for boot in boots for batch in boot.batches]
    for zone in map(ZoneInfo, ZONES):
        for granularity, form in FORMS.items():
            detail, everyone = await both(here, granularity, zone, form, past)
            expected = by_hand(batches, zone, form)
            assert detail == expected
            assert everyone == without_principal(expected)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata"])
async def test_quarters_of_principals_are_read_where_they_hold_all_and_minutes_where_a_version_before_counted(
    here: Installation, zone: str
) -> None:
    boots = boots_of_a_month(seed=7)
    await apply_all(here, boots, seed=8)
    batches = [batch for boot in boots for batch in boot.batches]

    async def hours() -> dict[tuple[str, ...], Numbers]:
        return (await both(here, "hour", ZoneInfo(zone), FORMS["hour"]))[0]

    expected = by_hand(batches, ZoneInfo(zone), FORMS["hour"])
    async with here.accounts.database.transaction() as session:
        left = await session.scalar(select(func.max(UsagePrincipalQuarter.minute)))
        await session.execute(delete(UsagePrincipalQuarter).where(UsagePrincipalQuarter.minute == left))
    assert await hours() == expected  # as a version without such quarters leaves it
    assert not (await here.accounts.ledger.verifier.verify()).findings
    async with here.accounts.database.transaction() as session:
        await session.execute(delete(UsageMinute))
    partly = await hours()
    assert 0 < len(partly) < len(expected)  # the fuller of both


async def test_hours_of_principals_between_those_of_utc_need_no_minutes(here: Installation) -> None:
    boots = boots_of_a_month(seed=9)
    await apply_all(here, boots, seed=10)
    expected = by_hand([batch for boot in boots for batch in boot.batches], KATHMANDU, FORMS["hour"])
    async with here.accounts.database.transaction() as session:
        await session.execute(delete(UsageMinute))
    assert (await both(here, "hour", KATHMANDU, FORMS["hour"]))[0] == expected


async def both(
    here: Installation, granularity: Granularity, zone: ZoneInfo, form: str, past: int = 0
) -> tuple[dict[tuple[str, ...], Numbers], dict[tuple[str, ...], Numbers]]:
    detail: dict[tuple[str, ...], Numbers] = {}
    everyone: dict[tuple[str, ...], Numbers] = {}
    for account in ACCOUNTS:
        found = await pieces(here, account, granularity, zone, ("cache", "principal"), past)
        detail |= as_found(account, found, zone, form)
        of_all = await pieces(here, account, granularity, zone, ("cache",), past)
        everyone |= as_found(account, [used for used in of_all if used.meter != CONCURRENCY], zone, form)
    return detail, everyone


@pytest.mark.parametrize("start_offset", [0, 7, 61])
async def test_a_time_that_begins_anywhere_is_counted_to_the_minute(here: Installation, start_offset: int) -> None:
    boots = boots_of_a_month(seed=3)
    await apply_all(here, boots, seed=4)
    start, end = now_minute() - 20 * 1440 - start_offset, now_minute() - 3 * 1440 + start_offset
    inside = [batch for boot in boots for batch in boot.batches if start <= batch.minute < end]
    async with here.accounts.database.reading() as session:
        found = await here.accounts.usage.totals(session, Scope("acc_1"), start, end)
        parts = [
            used
            for begin, stop in pairwise([start, start + 1, start + 500, end - 30, end])
            for used in await here.accounts.usage.totals(session, Scope("acc_1", meters=[PUBLISH]), begin, stop)
        ]
    lines = [line for batch in inside for line in batch.lines if line.account == "acc_1"]
    expected = sum(line.operations for line in lines if line.meter == PUBLISH)
    assert sum(used.counts.operations for used in found if used.meter == PUBLISH) == expected
    assert sum(used.counts.operations for used in parts) == expected


def highest(batches: Sequence[Batch], cache: str) -> int:
    """Return the highest sum of the routers' peaks in a minute."""
    peaks: dict[tuple[int, str], int] = {}
    for batch in batches:
        for line in batch.lines:
            if (line.account, line.cache, line.meter) == ("acc_1", cache, CONCURRENCY):
                place = (batch.minute, batch.router)
                peaks[place] = max(peaks.get(place, 0), line.peak)
    minutes = {minute for minute, _ in peaks}
    return max(sum(peak for (at, _), peak in peaks.items() if at == minute) for minute in minutes)


async def test_peaks_of_routers_add_up_and_those_of_minutes_do_not(here: Installation) -> None:
    boots = boots_of_a_month(seed=5)
    await apply_all(here, boots, seed=6)
    batches = [batch for boot in boots for batch in boot.batches]
    for granularity in FORMS:
        found = await pieces(here, "acc_1", granularity, ZoneInfo("Asia/Kolkata"), ("cache",))
        for cache in ("", "cache-1", "cache-2"):
            peaks = [u.counts.peak for u in found if u.meter == CONCURRENCY and u.cache_id == cache]
            assert max(peaks) == highest(batches, cache)


async def test_marks_reach_to_the_first_batch_that_is_missing(here: Installation) -> None:
    boot, line = Boot("router-1", "a"), published("acc_1", "cache-1", "", 100)
    first, second, third, fourth = (boot.seal(now_minute(), [line]) for _ in range(4))
    apply = here.accounts.ledger.batches.apply
    assert (await apply([second])).marks == {("router-1", "a"): 0}
    assert (await apply([first, fourth])).marks == {("router-1", "a"): 2}
    assert (await apply([third, third])).marks == {("router-1", "a"): 4}
    repeated = await apply([first, second, third, fourth])
    assert (repeated.new, repeated.repeated, repeated.marks) == (0, 4, {("router-1", "a"): 4})


async def test_a_clock_that_jumped_moves_usage_no_further_than_it_can_be_believed(here: Installation) -> None:
    now, boot = now_minute(), Boot("router-1", "a")
    line = published("acc_1", "cache-1", "", 1)
    for minute in (now + 60, now - 10 * 365 * 1440, now + 4):
        await here.accounts.ledger.batches.apply([boot.seal(minute, [line])])
    async with here.accounts.database.reading() as session:
        found = await here.accounts.usage.pieces(
            session, Scope("acc_1"), now - 40 * 1440, now + 10**6, "minute", ZoneInfo("UTC")
        )
    starts = [used.start for used in found for _ in range(used.counts.messages)]
    assert len(starts) == 3
    assert now - 35 * 1440 <= starts[0] <= now - 35 * 1440 + 1
    assert all(now + 4 <= start <= now + 6 for start in starts[1:])


async def test_large_numbers_stay_whole(here: Installation) -> None:
    boot, most = Boot("router-1", "a"), 2**53 - 1
    line = Line("acc_1", "cache-1", PUBLISH, "key:k", most, most, most)
    await here.accounts.ledger.batches.apply([boot.seal(now_minute(), [line]) for _ in range(1000)])
    async with here.accounts.database.reading() as session:
        (used,) = await here.accounts.usage.totals(session, Scope("acc_1"), now_minute() - 99, now_minute() + 1)
    assert used.counts[:3] == (most * 1000, most * 1000, most * 1000)
