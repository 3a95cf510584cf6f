"""Spend caps that are reached: who is refused, by which words, and who is not."""

import asyncio
import time
from dataclasses import replace

import pytest

from api.account import AccountSnapshot, Cap, CapMode
from api.usage import PUBLISH
from backplane.redis.snapshot import decoded, encoded
from tests.unit.asgi import Connection
from tests.unit.credentials import account, token
from tests.unit.router.parts import World, world
from tests.unit.router.test_metering import counted


def capped(*caps: Cap, version: int = 2) -> AccountSnapshot:
    return account(version=version, caps=caps)


def cap(mode: CapMode = "stop_publishing", cache: str | None = None, principal: str | None = None) -> Cap:
    return Cap("budget_1", "May", mode, cache, principal, publishes_per_second=2)


async def publishes(acme: World, count: int, credential: str | None = None) -> list[Connection]:
    return [await acme.publish(credential=credential) for _ in range(count)]


async def test_a_cap_stops_publishing_and_names_itself() -> None:
    acme = await world(None, account())
    assert (await acme.publish()).status == 0
    await acme.directory.put_account(capped(cap()))
    refused = await acme.publish()
    assert (refused.status, refused.headers[b"err"]) == (8, b"operations_rate_limit_exceeded")
    assert "spend cap 'May' is reached" in refused.message
    reader = acme.subscribe()
    await reader.until(lambda: bool(reader.kinds))
    await acme.directory.put_account(capped(version=3))
    assert (await acme.publish()).status == 0


async def test_fifty_publishers_at_a_cap_are_billed_what_was_stored_and_none_comes_after_it() -> None:
    acme = await world(None, account())
    accepted = 0

    async def publisher() -> None:
        nonlocal accepted
        while (answer := await acme.publish()).status == 0:
            accepted += 1
            await asyncio.sleep(0)
        assert answer.status == 8

    async with asyncio.TaskGroup() as publishers:
        for _ in range(50):
            publishers.create_task(publisher())
        while accepted < 200:
            await asyncio.sleep(0)
        await acme.directory.put_account(capped(cap()))
        in_force = accepted
    assert in_force <= accepted <= in_force + 50  # no more than were on their way
    assert counted(acme, PUBLISH) == (accepted, accepted * len("hello"), accepted)
    assert (await acme.publish()).status == 8
    assert counted(acme, PUBLISH)[0] == accepted


async def test_a_cap_that_stops_all_ends_subscriptions() -> None:
    acme = await world(None, account())
    reader = acme.subscribe()
    await reader.until(lambda: bool(reader.kinds))
    await acme.directory.put_account(capped(cap("stop")))
    await reader.until(lambda: reader.status is not None)
    assert (reader.status, "spend cap 'May'" in reader.message) == (8, True)
    late = acme.subscribe()
    await late.until(lambda: late.status is not None)
    assert (late.status, late.is_trailers_only) == (8, True)


async def test_a_throttle_lets_some_through_each_second() -> None:
    acme = await world(None, capped(cap("throttle")))
    answers = await publishes(acme, 6)
    accepted = [answer for answer in answers if answer.status == 0]
    refused = [answer for answer in answers if answer.status != 0]
    assert len(accepted) == 2
    assert all("spend cap 'May' is reached, and lets 2 publishes" in answer.message for answer in refused)
    reader = acme.subscribe()
    await reader.until(lambda: bool(reader.kinds))


@pytest.mark.parametrize(
    ("cap", "stops_ada", "stops_keys"),
    [
        (cap(principal="token:ada"), True, False),
        (cap(principal="token:bob"), False, False),
        (cap(cache="acme-cache"), True, True),
        (cap(cache="acme-other"), False, False),
        (cap(cache="acme-cache", principal="token:ada"), True, False),
        (cap(cache="acme-other", principal="token:ada"), False, False),
    ],
)
async def test_a_cap_is_for_a_cache_or_for_somebody(cap: Cap, *, stops_ada: bool, stops_keys: bool) -> None:
    acme = await world(None, capped(cap))
    ada = token("disposable", expires_at=int(time.time()) + 60, publisher_id="ada")
    assert ((await acme.publish(credential=ada)).status == 8) is stops_ada
    assert ((await acme.publish()).status == 8) is stops_keys


@pytest.mark.parametrize("where", [cap("stop", principal="token:ada"), cap("stop", cache="acme-cache")])
async def test_a_cap_that_stops_all_ends_only_what_it_is_for(where: Cap) -> None:
    acme = await world(None, account(caches=("cache", "other")))
    ada = token("disposable", expires_at=int(time.time()) + 60, publisher_id="ada")
    hers, others = acme.subscribe(credential=ada), acme.subscribe(cache="other")
    for reader in (hers, others):
        await reader.until(lambda reader=reader: bool(reader.kinds))
    await acme.directory.put_account(account(version=2, caches=("cache", "other"), caps=(where,)))
    await hers.until(lambda: hers.status is not None)
    assert (hers.status, "spend cap 'May'" in hers.message) == (8, True)
    assert (await acme.publish(cache="other")).status == 0
    await others.until(lambda: len(others.numbers) == 1)


async def test_a_throttle_for_somebody_leaves_others_alone() -> None:
    acme = await world(None, capped(cap("throttle", principal="token:ada")))
    ada = token("disposable", expires_at=int(time.time()) + 60, publisher_id="ada")
    assert {answer.status for answer in await publishes(acme, 6, ada)} == {0, 8}
    assert {answer.status for answer in await publishes(acme, 6)} == {0}


def test_caps_are_the_same_behind_the_store() -> None:
    snapshot = capped(cap("throttle", "acme-cache"), replace(cap("stop", principal="key:key_1"), until=1_900_000_000))
    assert decoded("acme", encoded(snapshot)).caps == snapshot.caps
