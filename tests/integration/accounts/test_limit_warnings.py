"""Owners are told by e-mail when a limit is nearly used up, and the peaks of a week are kept."""

from collections.abc import Mapping
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import text

from accounts.limits.alarm import AGAIN_SECONDS
from accounts.limits.watch import WATCH_SECONDS, Watch
from accounts.tenants.plans import CONTRACT
from backplane.interface import Use
from backplane.memory_quotas import MemoryQuotas
from tests.integration.accounts.installation import Installation, Tenant
from tests.unit.clock import Clock

NOON = 1_700_000_000 // 3600 * 3600


class Meters(MemoryQuotas):
    """Shows what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, Use] = {}

    async def uses(self, ids: object = None) -> Mapping[str, Use]:
        return dict(self.shown)


class World:
    def __init__(self, here: Installation, ada: Tenant, mails: Path) -> None:
        self.here = here
        self.ada = ada
        self.clock = Clock(NOON)
        self.meters = Meters()
        self.watch = Watch(here.accounts.database, self.meters, here.accounts.mails, self.clock)
        self._mails = mails

    async def pass_time(self, seconds: float = WATCH_SECONDS, **use: float) -> None:
        """Look again after a while, in which the account used as much."""
        self.meters.shown = {self.ada.id: Use(**use)} if use else {}  # pyright: ignore[reportArgumentType]
        self.clock.advance(seconds)
        await self.watch.run()

    async def subjects(self) -> list[str]:
        """Return the subject and the lines about limits of the mails that went out since, in no order."""
        while await self.here.accounts.mails.deliver():
            pass
        told: list[str] = []
        for path in list(self._mails.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            plain = mail.get_body(("plain",))
            assert plain is not None
            lines = [line for line in plain.get_content().splitlines() if line.startswith("- ")]
            told.append(f"{mail['To']}: {mail['Subject']} {' '.join(lines)}")
            path.unlink()
        return told


@pytest.fixture
async def world(here: Installation, tmp_path: Path) -> World:
    await here.accounts.mails.close()  # mails go out when `subjects` asks for them
    return World(here, await here.tenant(plan=CONTRACT), tmp_path / "mail")


async def test_owners_are_told_once_at_each_mark(world: World) -> None:
    for _ in range(3):
        await world.pass_time(subscriptions=80)
    assert await world.subjects() == [
        "ada@example.com: A limit of your account is nearly used up - subscriptions: 80 of 100"
    ]
    for _ in range(3):
        await world.pass_time(subscriptions=100)
    assert await world.subjects() == ["ada@example.com: A limit of your account is used up - subscriptions: 100 of 100"]
    for _ in range(3):
        await world.pass_time(subscriptions=79)
        await world.pass_time(subscriptions=100)
    assert await world.subjects() == []


async def test_a_short_burst_is_not_told_of_and_a_rate_near_its_limit_is_full(world: World) -> None:
    await world.pass_time(publishes=100.0)
    await world.pass_time(publishes=10.0)
    assert await world.subjects() == []
    await world.pass_time(publishes=98.0)
    await world.pass_time(publishes=97.5)
    (told,) = await world.subjects()
    assert "is used up - publishes_per_second: 98 of 100" in told


async def test_what_fills_up_at_the_same_time_is_in_one_mail(world: World) -> None:
    ada = world.ada
    for number in range(9):
        await world.here.create_cache(ada.key, f"cache-{number}")
    await world.pass_time(subscriptions=100)
    (told,) = await world.subjects()
    assert told.endswith("is used up - caches: 9 of 10 - subscriptions: 100 of 100")


async def test_owners_hear_again_after_a_day_when_it_was_calm_meanwhile(world: World) -> None:
    await world.pass_time(subscriptions=90)
    assert len(await world.subjects()) == 1
    await world.pass_time()
    await world.pass_time(AGAIN_SECONDS)
    await world.pass_time(subscriptions=90)
    assert len(await world.subjects()) == 1


async def test_only_owners_are_told(world: World) -> None:
    async with world.here.accounts.database.transaction() as session:
        await session.execute(text("UPDATE membership SET role_id = 'operator'"))
    await world.pass_time(subscriptions=100)
    assert await world.subjects() == []


async def test_a_limit_that_is_raised_is_no_longer_used_up(world: World) -> None:
    await world.pass_time(subscriptions=80)
    assert len(await world.subjects()) == 1
    async with world.here.rest(authorization=world.ada.key) as client:
        await client.patch("/v1/limits", json={"subscriptions": 1000})
        await world.pass_time(subscriptions=100)
        assert await world.subjects() == []
        told = {limit["name"]: limit for limit in (await client.get("/v1/limits")).json()["limits"]}
        assert told["subscriptions"]["peak_7_days"] is not None


async def test_the_most_of_a_week_is_kept_and_no_more(world: World) -> None:
    async def peaks() -> list[tuple[str, int]]:
        async with world.here.accounts.database.reading() as session:
            rows = await session.execute(text("SELECT name, peak FROM limit_peak WHERE peak > 1 ORDER BY peak"))
            return [(row.name, row.peak) for row in rows]

    await world.pass_time(subscriptions=5)
    await world.pass_time(subscriptions=7)
    await world.pass_time(subscriptions=6)
    assert await peaks() == [("subscriptions", 7)]
    await world.pass_time(3600, subscriptions=3)
    assert await peaks() == [("subscriptions", 3), ("subscriptions", 7)]
    await world.pass_time(7 * 24 * 3600, subscriptions=2)
    assert await peaks() == [("subscriptions", 2), ("subscriptions", 3)]
