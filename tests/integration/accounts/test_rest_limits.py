"""Limits over REST: what holds, where it comes from, how far it goes, and what is used of it."""

import time
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.tenants.plans import CONTRACT, HARD_LIMITS, PLANS
from api.account import Limits
from api.errors import InvalidArgument
from api.usage import CONCURRENCY, Line
from backplane.interface import Ceiling, Demand
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.unit.clock import Clock

CEILING = Ceiling(100, 10_000, 100)


async def limits(client: httpx.AsyncClient) -> dict[tuple[str, str | None], dict[str, Any]]:
    answer = await client.get("/v1/limits")
    assert answer.status_code == 200, answer.text
    return {(limit["name"], limit["cache"]): limit for limit in answer.json()["limits"]}


async def in_snapshot(here: Installation, account_id: str) -> Limits:
    account = await here.directory.account(account_id)
    assert account is not None
    return account.limits


async def test_each_limit_is_told_with_where_it_comes_from(here: Installation) -> None:
    ada = await here.tenant(plan=CONTRACT)
    async with here.rest(authorization=ada.key) as client:
        found = await limits(client)
        assert list(found) == [(name, None) for name in Limits.__dataclass_fields__]
        publishes = found["publishes_per_second", None]
        assert publishes == {
            "name": "publishes_per_second",
            "cache": None,
            "value": 100,
            "source": "plan",
            "soft": 100,
            "hard": 1000,
            "used": 0,
            "peak_7_days": 0,
            "refused_24_hours": 0,
        }
        assert (found["api_keys", None]["used"], found["caches", None]["used"]) == (1, 0)
        assert found["message_bytes", None]["used"] is None


async def test_an_owner_raises_soft_limits_up_to_the_hard_ones_and_routers_know_at_once(here: Installation) -> None:
    ada = await here.tenant(plan=CONTRACT)
    async with here.rest(authorization=ada.key) as client:
        answer = await client.patch("/v1/limits", json={"publishes_per_second": 1000, "caches": 20})
        assert answer.status_code == 200
        assert await in_snapshot(here, ada.id) == Limits(
            **{**_fields(PLANS[CONTRACT]), "publishes_per_second": 1000, "caches": 20}
        )
        told = (await limits(client))["publishes_per_second", None]
        assert (told["value"], told["source"], told["soft"]) == (1000, "account", 100)
        refused = await client.patch("/v1/limits", json={"publishes_per_second": 1001, "subscriptions": 200})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")
        assert "publishes_per_second is 1000 at most for this account, not 1001" in refused.json()["message"]
        assert (await in_snapshot(here, ada.id)).subscriptions == 100
        await client.patch("/v1/limits", json={"publishes_per_second": None})
        assert (await in_snapshot(here, ada.id)).publishes_per_second == 100
        assert (await limits(client))["publishes_per_second", None]["source"] == "plan"


async def test_limits_count_where_things_are_made(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        await client.patch("/v1/limits", json={"caches": 1, "api_keys": 1})
        assert (await client.post("/v1/caches", json={"name": "a"})).status_code == 201
        refused = await client.post("/v1/caches", json={"name": "b"})
        assert (refused.status_code, refused.json()["message"]) == (
            429,
            f"caches: 1 of 1 in account '{ada.id}'; delete one",
        )
        refused = await client.post("/v1/api-keys", json={"role_id": "viewer"})
        assert (refused.status_code, refused.json()["message"]) == (
            429,
            f"API keys: 1 of 1 in account '{ada.id}'; revoke one",
        )
        assert refused.headers["retry-after"]
        await client.delete("/v1/caches/a")
        told = (await limits(client))["caches", None]
        assert (told["used"], told["peak_7_days"]) == (0, 1)


async def test_only_an_owner_changes_limits_and_the_log_has_it(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest() as browser:
        await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        assert (await browser.patch("/v1/limits", json={"caches": 5})).status_code == 200
        async with here.accounts.database.transaction() as session:
            await session.execute(text("UPDATE membership SET role_id = 'operator'"))
        assert (await browser.get("/v1/limits")).status_code == 200
        assert (await browser.patch("/v1/limits", json={"caches": 6})).status_code == 403
    assert "limits.changed" in await here.rows()


async def test_what_cannot_be_a_limit_is_refused(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        for body in ({"colours": 1}, {"caches": -1}, {"caches": "1"}, {"message_bytes": 0}, {"subscriptions": 2**53}):
            assert (await client.patch("/v1/limits", json=body)).status_code == 400, body


async def test_an_operator_moves_hard_limits_too(here: Installation) -> None:
    ada = await here.tenant(plan=CONTRACT)
    service = here.accounts.limits
    await service.override(ada.id, SYSTEM, {"subscriptions": {"hard": 5000}, "caches": {"value": 1, "hard": 3}})
    await service.change(ada.id, SYSTEM, {"subscriptions": 5000})
    assert (await in_snapshot(here, ada.id)).subscriptions == 5000
    await service.override(ada.id, SYSTEM, {"subscriptions": {"hard": None}})
    assert (await in_snapshot(here, ada.id)).subscriptions == HARD_LIMITS[CONTRACT].subscriptions
    with pytest.raises(InvalidArgument, match="SDKs"):
        await service.override(ada.id, SYSTEM, {"message_bytes": {"hard": 2**40}})


async def test_the_use_is_that_of_all_routers_and_of_caches_with_limits_of_their_own(
    here: Installation, quota_clock: Clock
) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        await client.post("/v1/caches", json={"name": "chat", "limits": {"subscriptions": 7}})
        account = await here.directory.account(ada.id)
        assert account is not None
        chat = account.caches["chat"].id
        for accepted in (0, 100_000):
            for router in ("one", "two"):
                demand = Demand(CEILING, accepted=accepted, accepted_bytes=accepted, subscriptions=2, slots=3)
                await here.fleet.quotas.exchange(router, {ada.id: demand, chat: demand})
            quota_clock.advance(0.05)
        found = await limits(client)
        assert found["subscriptions", None]["used"] == 4
        assert found["publishes_per_second", None]["used"] > 10_000
        assert found["publish_bytes_per_second", None]["used"] > 10_000
        of_cache = found["subscriptions", "chat"]
        assert (of_cache["value"], of_cache["source"], of_cache["used"]) == (7, "cache", 4)
        assert of_cache["soft"] == found["subscriptions", None]["value"]
        assert ("publishes_per_second", "chat") not in found


async def test_peaks_and_refusals_come_from_the_usage_that_was_counted(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        await client.post("/v1/caches", json={"name": "chat", "limits": {"subscriptions": 7}})
        account = await here.directory.account(ada.id)
        assert account is not None
        chat = account.caches["chat"].id
        minute = int(time.time()) // 60
        lines = [
            (minute - 60, Line(ada.id, "", CONCURRENCY, "", peak=9)),
            (minute - 60, Line(ada.id, chat, CONCURRENCY, "", peak=6)),
            (minute - 60, Line(ada.id, chat, "refused.too_many_subscriptions", "", messages=3)),
            (minute - 60, Line(ada.id, "cache_2", "refused.too_many_subscriptions", "", messages=2)),
            (minute - 60, Line(ada.id, "cache_2", "refused.publish_rate_exceeded", "", messages=1)),
            (minute - 8 * 24 * 60, Line(ada.id, "", CONCURRENCY, "", peak=99)),
            (minute - 25 * 60, Line(ada.id, chat, "refused.message_too_large", "", messages=8)),
        ]
        async with here.accounts.database.transaction() as session:
            await here.accounts.usage.record(session, [(at, "router-1", line) for at, line in lines])
        found = await limits(client)
        assert (found["subscriptions", None]["peak_7_days"], found["subscriptions", "chat"]["peak_7_days"]) == (9, 6)
        refused = {key: limit["refused_24_hours"] for key, limit in found.items() if limit["refused_24_hours"]}
        assert refused == {
            ("subscriptions", None): 5,
            ("subscriptions", "chat"): 3,
            ("publishes_per_second", None): 1,
        }


def _fields(limits: Limits) -> dict[str, int]:
    return {name: getattr(limits, name) for name in Limits.__dataclass_fields__}
