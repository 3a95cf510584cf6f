"""The answer of `GET /v1/usage`, of which the database makes the rows, is to the byte the JSON of its model."""

import random
from datetime import UTC, datetime
from itertools import combinations

import pytest

from accounts.batches.retention import Retention
from accounts.clocks.service import Clocks
from accounts.tenants.repository import set_time_zone
from accounts.usage.reports import GroupBy, Json, Question, Report, Reports
from accounts.usage.schemas import UsageReport, UsageRow
from accounts.usage.service import Granularity
from api.errors import InvalidArgument
from api.usage import PUBLISH, Line
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.counted import published, random_lines
from tests.integration.accounts.installation import Installation

GROUPS: list[GroupBy] = ["cache", "api_key", "token_id"]
GROUPINGS = [groups for count in range(4) for groups in combinations(GROUPS, count)]
FOREVER = 36_500
"""Days for which usage is kept."""

NOW = datetime(2026, 4, 10, tzinfo=UTC)
"""In the 30 days before it, clocks change in Vienna and on Lord Howe Island."""

TIMES: dict[Granularity, tuple[str, str]] = {
    "minute": ("2026-03-29T00:30:00Z", "2026-03-29T03:20:00Z"),
    "hour": ("2026-03-11", "2026-04-10"),
    "day": ("2026-03-11", "2026-04-10"),
    "month": ("2026-03-12T07:08:00Z", "2026-04-10"),
}
SIGNS = "".join(map(chr, range(1, 160))) + "\u2028\ufffd\U0001f600"


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def modelled(report: Report) -> str:
    return UsageReport(
        start=report.start.isoformat(),
        end=report.end.isoformat(),
        time_zone=report.time_zone,
        usage=[
            UsageRow(
                start=row.start.isoformat(),
                meter=row.meter,
                cache=row.cache or None,
                cache_id=row.cache_id or None,
                api_key=row.api_key or None,
                token_id=row.token_id or None,
                messages=row.counts.messages,
                bytes=row.counts.bytes,
                operations=row.counts.operations,
                subscription_seconds=row.counts.seconds,
                peak_subscriptions=row.counts.peak,
            )
            for row in report.rows
        ],
    ).model_dump_json()


class Asking:
    """An account of which the one of two caches has a name, and what it asks."""

    def __init__(self, here: Installation, account: str, named: str) -> None:
        self._here = here
        self._named = {"cache-1": named}
        self.account = account
        self._reports = Reports(
            here.accounts.database, here.accounts.usage, here.accounts.finance.pricing, Clocks(NOW.timestamp)
        )

    async def uses(self, *counted: tuple[int, str, Line]) -> None:
        async with self._here.accounts.database.transaction() as session:
            lines = [(at, by, line._replace(cache=self._named.get(line.cache, line.cache))) for at, by, line in counted]
            await self._here.accounts.usage.record(session, lines)

    async def lives_in(self, zone: str) -> None:
        async with self._here.accounts.database.transaction() as session:
            await set_time_zone(session, self.account, zone)

    async def rows(self, question: Question) -> int:
        """Require both ways to answer to be one; return how many rows the answer has."""
        report, json = await self._reports.report(self.account, question), await self.json(question)
        assert json.text == modelled(report)
        assert json.rows == len(report.rows)
        return json.rows

    async def json(self, question: Question) -> Json:
        return await self._reports.json(self.account, question)


@pytest.fixture
async def ada(start: Start) -> Asking:
    here = await start(retention=Retention(minutes=FOREVER, hours=FOREVER, days=FOREVER))
    tenant = await here.tenant()
    await here.create_cache(tenant.key, "chat")
    snapshot = await here.directory.account(tenant.id)
    assert snapshot is not None
    return Asking(here, tenant.id, snapshot.caches["chat"].id)


def used_in_a_month(account: str) -> list[tuple[int, str, Line]]:
    """Return what was used at random times, and in each of the hours in which clocks change."""
    chance = random.Random(1)
    changes = [minute_of(datetime(2026, 3, 29, hour, 59, tzinfo=UTC)) for hour in range(4)]
    minutes = changes + [minute_of(NOW) - chance.randint(1, 30 * 1440) for _ in range(30)]
    return [(at, chance.choice("ab"), line) for at in minutes for line in random_lines(chance, [account, "acc_other"])]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "Asia/Kathmandu", "Australia/Lord_Howe"])
async def test_every_question_is_answered_as_by_the_model(ada: Asking, zone: str) -> None:
    await ada.uses(*used_in_a_month(ada.account))
    await ada.lives_in(zone)
    for granularity, times in TIMES.items():
        for groups in GROUPINGS:
            assert await ada.rows(Question(granularity, *times, groups)) > 0
    of_one = [
        Question("hour", *TIMES["hour"], ["cache"], meter=PUBLISH),
        Question("hour", *TIMES["hour"], ["api_key"], cache="chat"),
        Question("hour", *TIMES["hour"], ["api_key"], api_key="key_1"),
        Question("hour", *TIMES["hour"], ["cache", "token_id"], token_id="ada"),
    ]
    for question in of_one:
        assert await ada.rows(question) > 0


async def test_any_sign_stands_in_it_as_json_has_it(ada: Asking) -> None:
    minute = minute_of(NOW) - 1
    for sign in SIGNS:
        await ada.uses((minute, "a", published(ada.account, "cache-1", f"token:{sign}", 1)))
    assert await ada.rows(Question("day", group_by=["cache", "token_id"])) == len(SIGNS)


async def test_numbers_are_exact_beyond_what_a_column_holds(ada: Asking) -> None:
    days, most = [minute_of(NOW) - 1440 * (day + 1) for day in range(4)], 2**63 - 1
    numbers = [most, most, 10**9, 10**9 - 1]
    for day, number in zip(days, numbers, strict=True):
        await ada.uses((day, "a", Line(ada.account, "cache-1", PUBLISH, "", number, number, 0, 1)))
    assert await ada.rows(Question("month")) == 1
    assert f'"messages":{sum(numbers)},' in (await ada.json(Question("month"))).text
    assert await ada.rows(Question("day")) == len(days)


async def test_a_day_begins_at_midnight_though_nothing_was_used_before_the_clocks_changed(ada: Asking) -> None:
    await ada.lives_in("Europe/Vienna")
    noon = minute_of(datetime(2026, 3, 29, 10, tzinfo=UTC))
    await ada.uses((noon, "a", published(ada.account, "cache-1", "", 1)))
    question = Question("day", *TIMES["day"])
    assert await ada.rows(question) == 1
    assert '"usage":[{"start":"2026-03-29T00:00:00+01:00",' in (await ada.json(question)).text


async def test_an_answer_that_is_too_long_is_refused(ada: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.usage.reports.MOST_ROWS", 3)
    minute = minute_of(NOW) - 10
    await ada.uses(*[(minute + i, "a", published(ada.account, "cache-1", "", 1)) for i in range(3)])
    question = Question("minute", "2026-04-09T23:00:00Z")
    assert await ada.rows(question) == 3
    await ada.uses((minute + 3, "a", published(ada.account, "cache-1", "", 1)))
    with pytest.raises(InvalidArgument, match="more than 3 rows"):
        await ada.json(question)
