"""Budgets: what is near them is told once, what is over them reaches routers, and a new month begins anew."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.billing.periods import month_of
from accounts.database import Transaction
from api.account import Cap
from api.errors import InvalidArgument
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation
from tests.patience import patient, until
from tests.unit.api.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = count(1)


async def account(here: Installation) -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"thrifty{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.turn(at("2028-02-01T00:00:00"))
    await books.has(plan(publish_operations="0.01", delivery_operations="0.01"))
    return books, here.rest(authorization=tenant.key)


async def caps(books: Books) -> tuple[Cap, ...]:
    snapshot = await books.here.directory.account(books.account)
    assert snapshot is not None
    return snapshot.caps


async def until_capped(books: Books, names: set[str]) -> None:
    async with asyncio.timeout(patient(20)):
        while {cap.name for cap in await caps(books)} != names:
            await asyncio.sleep(0.02)


async def make(program: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    made = await program.post("/v1/budgets", json={"name": "all", "amount": "1.00", **fields})
    assert made.status_code == 201, made.text
    return made.json()


async def test_a_cap_reaches_routers_soon_after_the_usage_and_is_lifted_with_the_month(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        made = await make(program, mode="stop_publishing")
        await books.use(publish=99)
        assert await caps(books) == ()
        await books.use(delivery=1)
        await until_capped(books, {"all"})
        assert [(cap.mode, cap.cache, cap.principal) for cap in await caps(books)] == [("stop_publishing", None, None)]
        shown = (await program.get(f"/v1/budgets/{made['budget_id']}")).json()
        assert (shown["spent"], shown["in_force"], shown["alerted"]) == ("1.00", True, 100)
        await books.turn(at("2028-03-01T00:00:00"))
        (shown,) = (await program.get("/v1/budgets")).json()["budgets"]
        assert (shown["spent"], shown["in_force"], shown["alerted"]) == ("0.00", False, 0)
        assert await caps(books) == ()


async def has_caps(books: Books) -> bool:
    snapshot = await books.here.directory.account(books.account)
    assert snapshot is not None
    return snapshot.has_caps


async def test_routers_know_whether_there_are_caps_before_one_is_reached(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await make(program, name="told", mode="warn")
        assert not await has_caps(books)
        made = await make(program, mode="stop")
        assert await has_caps(books)
        await program.patch(f"/v1/budgets/{made['budget_id']}", json={"mode": "warn"})
        assert not await has_caps(books)


async def test_a_higher_amount_or_no_budget_lifts_a_cap_at_once(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await books.use(publish=100)
        made = await make(program, mode="stop")
        assert [cap.mode for cap in await caps(books)] == ["stop"]
        path = f"/v1/budgets/{made['budget_id']}"
        assert (await program.patch(path, json={"amount": "1.01"})).json()["in_force"] is False
        assert await caps(books) == ()
        assert (await program.patch(path, json={"amount": "0.50", "mode": "throttle"})).json()["in_force"] is True
        assert [cap.mode for cap in await caps(books)] == ["throttle"]
        assert (await program.delete(path)).status_code == 204
        assert await caps(books) == ()


async def test_who_looked_before_others_saw_more_lifts_no_cap(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, program = await account(here)
    watch = here.accounts.finance.watch
    act = watch._act

    async def late(*arguments: Any) -> bool:
        monkeypatch.setattr(watch, "_act", act)
        await books.use(publish=40)
        await watch.look(books.account)
        return await act(*arguments)

    async with program:
        await make(program, mode="stop")
        monkeypatch.setattr(watch, "_act", late)
        await books.use(publish=60)
        await watch.look(books.account)
        await until_capped(books, {"all"})
        told = (await program.get("/v1/audit", params={"action": "budget"})).json()["entries"]
        actions = [entry["action"] for entry in told]
        assert (actions.count("budget.enforced"), actions.count("budget.lifted")) == (1, 0)


async def test_what_is_no_news_of_a_budget_is_not_read_while_the_database_takes_no_other_change(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, program = await account(here)
    spending = here.accounts.finance.watch._spending
    by, begin, read, changing = spending.by, here.accounts.database.transaction, list[str](), list[Transaction]()

    @asynccontextmanager
    async def noted() -> AsyncGenerator[Transaction]:
        async with begin() as session:
            changing.append(session)
            yield session

    async def told(*arguments: Any) -> Mapping[str, Decimal]:
        read.extend([arguments[-1]] if arguments[0] in changing else [])
        return await by(*arguments)

    async with program:
        await make(program, name="all", mode="stop")
        await make(program, name="of a token", amount="100.00", token_id="guest")
        monkeypatch.setattr(spending, "by", told)
        monkeypatch.setattr(here.accounts.database, "transaction", noted)
        await books.use(publish=100)
        await until_capped(books, {"all"})
    assert set(read) == {"cache"}


async def test_a_budget_that_somebody_else_has_changed_is_left_alone(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        path = f"/v1/budgets/{(await make(program))['budget_id']}"
        seen = {"if-match": (await program.get(path)).headers["etag"]}
        await books.use(publish=60)  # spending is no change
        assert (await program.get(path)).headers["etag"] == seen["if-match"]
        changed = await program.patch(path, json={"amount": "2.00"}, headers=seen)
        assert changed.status_code == 200
        for method, body in (("PATCH", {"amount": "3.00"}), ("DELETE", None)):
            stale = await program.request(method, path, json=body, headers=seen)
            assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert (await program.get(path)).json()["amount"] == "2.00"
        assert (await program.delete(path, headers={"if-match": changed.headers["etag"]})).status_code == 204


async def test_budgets_of_caches_keys_and_tokens_count_their_own(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await program.post("/v1/caches", json={"name": "chat"})
        snapshot = await here.directory.account(books.account)
        assert snapshot is not None
        chat = snapshot.caches["chat"].id
        for fields in (
            {"cache": "chat"},
            {"api_key": "key_1"},
            {"token_id": "ada"},
            {"cache": "chat", "token_id": "ada"},
        ):
            await make(program, name="-".join(fields.values()), mode="stop", **fields)
        await books.use(publish=60, cache=chat, principal="token:ada")
        await books.use(publish=30, cache=chat, principal="key:key_1")
        await books.use(publish=40, cache="cache_2", principal="token:ada")
        await until_capped(books, {"ada"})
        found = {each["name"]: each["spent"] for each in (await program.get("/v1/budgets")).json()["budgets"]}
        assert found == {"chat": "0.90", "key_1": "0.30", "ada": "1.00", "chat-ada": "0.60"}
        await books.use(publish=70, cache=chat, principal="key:key_1")
        await until_capped(books, {"ada", "chat", "key_1"})


async def mails(here: Installation, account: str) -> list[str]:
    async with asyncio.timeout(patient(20)):
        while True:
            await here.accounts.mails.deliver()
            texts = [path.read_text() for path in (here.accounts._settings.data_dir / "mail").glob("*")]
            if found := [text for text in texts if account in text]:
                return found
            await asyncio.sleep(0.05)


async def test_what_is_near_a_budget_is_told_once_by_mail_and_webhook(here: Installation) -> None:
    books, program = await account(here)
    async with program, receiving() as receiver:
        receiver.statuses = [500, 200]
        hook = (
            await program.post(
                "/v1/billing/webhooks", json={"url": receiver.url, "events": ["usage.threshold_reached"]}
            )
        ).json()
        await make(program, alerts=[80, 50], name=f"mail {books.account}")
        for _ in range(3):
            await books.use(publish=27)
        await until(lambda: len(receiver.requests) >= 2, seconds=30)
        events = [event for event in seen(receiver) if event["type"] == "usage.threshold_reached"]
        assert {event["data"]["percent"] for event in events} <= {50, 80}
        assert events[0]["data"]["account_id"] == books.account
        listed = (await program.get(f"/v1/billing/webhooks/{hook['webhook_id']}/deliveries")).json()["deliveries"]
        assert {each["state"] for each in listed} <= {"delivered", "waiting"}
        assert any("% of the budget" in text for text in await mails(here, books.account))
        before = len(listed)
        await books.use(publish=1)
        await program.get("/v1/budgets")
        listed = (await program.get(f"/v1/billing/webhooks/{hook['webhook_id']}/deliveries")).json()["deliveries"]
        assert len(listed) == before


def seen(receiver: Receiver) -> list[dict[str, Any]]:
    return [httpx.Response(200, content=request.body).json() for request in receiver.requests]


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1.001"},
        {"amount": "NaN"},
        {"mode": "explode"},
        {"alerts": [0]},
        {"api_key": "a", "token_id": "b"},
        {"publishes_per_second": 0},
        {"name": ""},
    ],
)
async def test_a_budget_that_cannot_be_is_refused(here: Installation, fields: dict[str, Any]) -> None:
    _, program = await account(here)
    async with program:
        refused = await program.post("/v1/budgets", json={"name": "all", "amount": "1.00", **fields})
        assert refused.status_code == 400
        assert (await program.post("/v1/budgets", json={"name": "x", "amount": "1", "cache": "no"})).status_code == 404


async def test_a_cap_tells_routers_when_its_month_ends_unless_a_test_clock_says_so(here: Installation) -> None:
    tenant = await here.tenant(f"thrifty{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.has(plan(publish_operations="0.01"))
    await books.set_zone("Asia/Kathmandu")
    async with here.rest(authorization=tenant.key) as program:
        await make(program, mode="stop_publishing")
        await books.use(publish=100)
        await until_capped(books, {"all"})
    (cap,) = await caps(books)
    assert cap.until is not None
    assert cap.until == month_of(int(time.time()), "Asia/Kathmandu").end
    turned, program = await account(here)
    async with program:
        await make(program, mode="stop_publishing")
        await turned.use(publish=100)
        await until_capped(turned, {"all"})
    assert [cap.until for cap in await caps(turned)] == [None]


async def test_no_plan_in_another_currency_takes_a_budgets_effect(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await make(program, name="cap", mode="stop")
        euros = plan("EUR", publish_operations="0.01")
        for when in ("now", "next_month"):
            with pytest.raises(InvalidArgument, match="'cap' in USD; delete them"):
                await books.has(euros, when)
        await books.has(plan("USD", publish_operations="0.02"))
        await books.has(plan("EUR"), "next_month")  # charges nothing
        await books.turn(at("2028-03-01T00:00:00"))
        (shown,) = (await program.get("/v1/budgets")).json()["budgets"]
        assert (shown["is_counted"], shown["currency"]) == (True, "USD")
        with pytest.raises(InvalidArgument, match="'cap' in USD"):
            await books.has(euros)
        await program.delete(f"/v1/budgets/{shown['budget_id']}")
        await books.has(euros)
        assert (await make(program, mode="stop"))["currency"] == "EUR"


async def test_a_budget_is_made_in_the_currency_that_the_account_is_charged_in(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await books.turn(at("2028-02-11T00:00:00"))
        await books.has(plan("EUR"))
        assert (await make(program))["currency"] == "USD"
        for shown in (await program.get("/v1/budgets")).json()["budgets"]:
            await program.delete(f"/v1/budgets/{shown['budget_id']}")
        await books.has(plan("KWD", publish_operations="0.001"), "next_month")
        refused = await program.post("/v1/budgets", json={"name": "all", "amount": "1"})
        assert (refused.status_code, "a plan in KWD in place of USD" in refused.json()["message"]) == (400, True)
        await books.turn(at("2028-03-01T00:00:00"))
        assert (await make(program))["currency"] == "KWD"


async def test_a_budget_that_an_older_version_left_in_another_currency_says_so(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        made = await make(program, mode="stop")
        async with here.accounts.database.transaction() as session:
            await session.execute(text("UPDATE budget SET currency = 'EUR' WHERE id = :id"), {"id": made["budget_id"]})
        await books.use(publish=1000)
        shown = (await program.get(f"/v1/budgets/{made['budget_id']}")).json()
        assert (shown["spent"], shown["in_force"], shown["is_counted"]) == ("0.00", False, False)
        assert (await books.finance.watch.look_at_all()).endswith("1 budgets in another currency than the plan")


async def test_a_budget_in_another_currency_holds_back_no_plan_of_operators_nor_one_in_the_same(
    here: Installation,
) -> None:
    books, program = await account(here)
    pricing = books.finance.pricing
    async with program:
        made = await make(program, mode="stop")
        await books.turn(at("2028-03-01T00:00:00"))
        euros = await pricing.make(SYSTEM, plan("EUR", publish_operations="0.01"), public=True)
        await pricing.assign(books.account, SYSTEM, euros.id, None, "now", any_plan=True)
        shown = (await program.get(f"/v1/budgets/{made['budget_id']}")).json()
        assert shown["is_counted"] is False
        await books.turn(at("2028-03-02T00:00:00"))
        await books.has(plan("EUR", publish_operations="0.02"))
        with pytest.raises(InvalidArgument, match="'all' in USD"):
            await books.has(plan("KWD", publish_operations="0.02"), "next_month")
