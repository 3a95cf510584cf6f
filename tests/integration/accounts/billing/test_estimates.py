"""What a message would cost, and what the month will."""

from itertools import count

import httpx
import pytest

from accounts.audit import SYSTEM
from api.names import Topic
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = count(1)


async def account(here: Installation) -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"careful{next(NUMBERS)}")
    await here.accounts.caches.create(tenant.id, SYSTEM, "chat")
    books = Books(here, tenant.id)
    await books.turn(at("2028-06-01T00:00:00"))
    return books, here.rest(authorization=tenant.key)


@pytest.mark.parametrize(
    ("size", "subscribers", "operations"),
    [(0, 0, 1), (1, 1, 2), (100, 9, 10), (1024, 1, 2), (1025, 1, 4), (4096, 1, 8), (4_193_280, 100, 4095 * 101)],
)
async def test_operations_are_chunks_times_one_and_all_subscribers(
    here: Installation, size: int, subscribers: int, operations: int
) -> None:
    _, program = await account(here)
    asked = {"bytes": size, "cache": "chat", "topic": "lobby", "subscribers": subscribers}
    async with program:
        found = (await program.post("/v1/estimate", json=asked)).json()
    assert (found["operations"], found["subscribers_exact"]) == (operations, True)


async def test_the_price_is_what_is_added_to_this_months_bill(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await program.post("/v1/billing/plan", json={"plan_id": "pay-per-use"})
        asked = {"bytes": 2000, "cache": "chat", "topic": "lobby", "subscribers": 3, "messages": 1_000_000}
        first = (await program.post("/v1/estimate", json=asked)).json()
        assert (first["chunks"], first["publish_operations"], first["delivery_operations"]) == (2, 2_000_000, 6_000_000)
        assert (first["amount"], first["currency"]) == ("3", "USD")
        await books.use(publish=1_000_000, delivery=1_000_000)
        assert (await program.post("/v1/estimate", json=asked)).json()["amount"] == "4"


async def test_live_subscribers_are_asked_of_routers(here: Installation) -> None:
    books, program = await account(here)
    snapshot = await here.directory.account(books.account)
    assert snapshot is not None
    lobby = Topic(books.account, snapshot.caches["chat"].id, "lobby")
    stop = here.fleet.audience.answer(lambda topic: 7 if topic == lobby else 0)
    async with program:
        for topic, expected in (("lobby", 7), ("empty", 0)):
            asked = {"bytes": 1, "cache": "chat", "topic": topic}
            found = (await program.post("/v1/estimate", json=asked)).json()
            assert (found["subscribers"], found["subscribers_exact"]) == (expected, True)
        refused = await program.post("/v1/estimate", json={"bytes": 1, "cache": "no", "topic": "x"})
        assert refused.status_code == 404
        refused = await program.post("/v1/estimate", json={"bytes": -1, "cache": "chat", "topic": "x"})
        assert refused.status_code == 400
    stop()


async def test_a_forecast_goes_on_at_the_pace_of_the_last_days(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01", minimum="3"))
    async with program:
        await books.use(publish=100)
        await books.turn(at("2028-06-11T00:00:00"))
        found = (await program.get("/v1/billing/forecast")).json()
        assert (found["spent"], found["expected"]) == ("3.00", "3.00")
        await books.use(publish=700)
        found = (await program.get("/v1/billing/forecast")).json()
        assert found["meters"] == {"publish_operations": {"used": 800, "expected": 2800}}
        assert (found["spent"], found["expected"], found["pace_of_seconds"]) == ("8.00", "28.00", 7 * 86400)


async def test_a_forecast_of_a_month_without_usage_is_its_minimum(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01", minimum="3"))
    async with program:
        assert (await program.get("/v1/billing/forecast")).json()["expected"] == "3.00"
