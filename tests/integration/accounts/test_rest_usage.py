"""`GET /v1/usage`: what the owner of an account, and nobody else, is told of its usage."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.usage import CONCURRENCY, DELIVERY, SUBSCRIPTION, Line
from tests.integration.accounts.counted import Boot, published
from tests.integration.accounts.installation import Installation, Tenant


def minute_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() // 60)


@pytest.fixture
async def ada(here: Installation) -> Tenant:
    """A tenant that used its caches `chat` and `news` today, an hour apart, with a key and with a token."""
    tenant = await here.tenant()
    await here.create_cache(tenant.key, "chat")
    await here.create_cache(tenant.key, "news")
    snapshot = await here.directory.account(tenant.id)
    assert snapshot is not None
    chat, news = snapshot.caches["chat"].id, snapshot.caches["news"].id
    boot, noon = Boot("router-1", "a"), minute_of(f"{datetime.now(UTC):%Y-%m-%d}T12:00+00:00") - 1440
    lines = [
        published(tenant.id, chat, "key:" + tenant.key_id, 100, 1025),
        published(tenant.id, chat, "token:ada", 0, 100, meter=DELIVERY),
        Line(tenant.id, chat, SUBSCRIPTION, "token:ada", seconds=7),
        Line(tenant.id, chat, CONCURRENCY, "", peak=3),
        Line(tenant.id, "", CONCURRENCY, "", peak=4),
        published("acc_other", "cache_other", "", 5),
    ]
    later = [published(tenant.id, news, "token:bob", 4096)]
    await here.accounts.ledger.batches.apply([boot.seal(noon, lines), boot.seal(noon + 60, later)])
    return tenant


async def usage(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    yesterday = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 86400, UTC)
    named = {"from": f"{yesterday:%Y-%m-%d}T00:00Z", "to": f"{yesterday:%Y-%m-%d}T23:59Z"} | query
    answer = await client.get("/v1/usage", params=named)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def operations(client: httpx.AsyncClient, *told: str, **query: Any) -> dict[tuple[Any, ...], int]:
    rows = (await usage(client, **query))["usage"]
    return {tuple(row[name] for name in ("meter", *told)): row["operations"] for row in rows if row["operations"]}


async def test_it_tells_operations_by_meter_cache_key_and_token(here: Installation, ada: Tenant) -> None:
    async with here.rest(authorization=ada.key) as client:
        assert await operations(client) == {("publish",): 7, ("delivery",): 2}
        assert await operations(client, "cache", group_by="cache") == {
            ("publish", "chat"): 3,
            ("publish", "news"): 4,
            ("delivery", "chat"): 2,
        }
        assert await operations(client, "api_key", "token_id", group_by=["api_key", "token_id"]) == {
            ("publish", ada.key_id, None): 3,
            ("publish", None, "bob"): 4,
            ("delivery", None, "ada"): 2,
        }
        assert await operations(client, "token_id", group_by="token_id") == {
            ("publish", None): 3,
            ("publish", "bob"): 4,
            ("delivery", "ada"): 2,
        }


async def test_it_tells_the_usage_of_one_cache_key_token_or_meter(here: Installation, ada: Tenant) -> None:
    async with here.rest(authorization=ada.key) as client:
        assert await operations(client, cache="chat") == {("publish",): 3, ("delivery",): 2}
        assert await operations(client, cache="none") == {}
        assert await operations(client, api_key=ada.key_id) == {("publish",): 3}
        assert await operations(client, token_id="ada") == {("delivery",): 2}
        assert await operations(client, meter="publish") == {("publish",): 7}


async def test_it_tells_seconds_and_peaks(here: Installation, ada: Tenant) -> None:
    async with here.rest(authorization=ada.key) as client:
        rows = {(row["meter"], row["cache"]): row for row in (await usage(client, group_by="cache"))["usage"]}
        assert rows["subscription", "chat"]["subscription_seconds"] == 7
        assert rows["concurrency", "chat"]["peak_subscriptions"] == 3
        assert rows["concurrency", None]["peak_subscriptions"] == 4


async def test_times_are_local_and_pieces_begin_where_the_clock_says(here: Installation, ada: Tenant) -> None:
    async with here.rest(authorization=ada.key) as client:
        changed = await client.put("/v1/usage/settings", json={"time_zone": "Asia/Kolkata"})
        assert changed.status_code == 200
        answer = await usage(client, granularity="hour", meter="publish")
    assert answer["time_zone"] == "Asia/Kolkata"
    assert [row["start"][11:] for row in answer["usage"]] == ["17:00:00+05:30", "18:00:00+05:30"]
    assert answer["start"].endswith("T05:00:00+05:30")


async def test_nobody_sees_what_others_used(here: Installation, ada: Tenant) -> None:
    other = await here.tenant("eve")
    async with here.rest(authorization=other.key) as client:
        assert (await usage(client, group_by=["cache", "api_key"]))["usage"] == []
    async with here.rest() as client:
        assert (await client.get("/v1/usage")).status_code == 401


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"from": "yesterday"}, "'from' must be a date or a time"),
    ({"from": "0001-01-01"}, "'from' must be a date or a time"),
    ({"from": "2026-02-01", "to": "2026-01-01"}, "'to' must be after 'from'"),
    ({"from": "2024-01-01", "to": "2026-01-01", "granularity": "minute"}, "ask for less time"),
    ({"granularity": "year"}, "granularity"),
    ({"group_by": "topic"}, "group_by"),
    ({"api_key": "key_1", "token_id": "ada"}, "send one"),
]


async def test_what_cannot_be_answered_is_said(here: Installation) -> None:
    tenant = await here.tenant()
    async with here.rest(authorization=tenant.key) as client:
        for query, said in REFUSED:
            answer = await client.get("/v1/usage", params=query)
            assert (answer.status_code, said in answer.json()["message"]) == (400, True), answer.text


async def test_a_zone_that_is_none_is_refused(here: Installation) -> None:
    tenant = await here.tenant()
    async with here.rest(authorization=tenant.key) as client:
        answer = await client.put("/v1/usage/settings", json={"time_zone": "Mars/Olympus"})
        assert answer.status_code == 400
        assert (await client.get("/v1/usage/settings")).json() == {"time_zone": "UTC"}


async def batches(client: httpx.AsyncClient, tenant: Tenant, **query: Any) -> dict[str, Any]:
    yesterday = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 86400, UTC)
    named = {"from": f"{yesterday:%Y-%m-%d}T00:00Z", "to": f"{yesterday:%Y-%m-%d}T23:59Z"} | query
    answer = await client.get("/v1/usage/batches", params=named)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_usage_is_followed_to_the_batches_in_which_it_was_counted(here: Installation, ada: Tenant) -> None:
    async with here.rest(authorization=ada.key) as client:
        found = (await batches(client, ada, group_by=["cache", "token_id"]))["batches"]
        assert [(batch["router"], batch["boot"], batch["number"]) for batch in found] == [
            ("router-1", "a", 1),
            ("router-1", "a", 2),
        ]
        assert all(batch["is_intact"] for batch in found)
        assert found[1]["previous_digest"] == found[0]["digest"]
        (news,) = found[1]["usage"]
        assert (news["cache"], news["token_id"], news["operations"]) == ("news", "bob", 4)
        operations_of = {part["meter"]: part["operations"] for batch in found for part in batch["usage"]}
        assert operations_of["delivery"] == 2
        pages = [await batches(client, ada, limit=1)]
        pages.append(await batches(client, ada, limit=1, next_token=pages[0]["next_token"]))
        assert [page["batches"][0]["number"] for page in pages] == [1, 2]
        too_long = await client.get("/v1/usage/batches", params={"from": "2026-01-01", "to": "2026-01-03"})
        assert too_long.status_code == 400


async def test_batches_tell_nobody_of_others(here: Installation, ada: Tenant) -> None:
    eve = await here.tenant("eve")
    async with here.rest(authorization=eve.key) as client:
        assert (await batches(client, eve))["batches"] == []
    async with here.rest(authorization=ada.key) as client:
        assert "acc_other" not in str(await batches(client, ada))
        assert "cache_other" not in str(await batches(client, ada, group_by="cache"))
