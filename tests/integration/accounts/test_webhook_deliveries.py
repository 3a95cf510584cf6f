"""Webhooks in the database: who delivers, how far they are, and what is kept of what was not taken."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from accounts.billing.settings import BillingSettings
from accounts.webhook_deliveries import couriers as module
from accounts.webhook_deliveries.couriers import Couriers
from api.webhooks import LateSender
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import Installation, Tenant
from tests.integration.accounts.scripted_topics import ScriptedTopics
from tests.patience import patient
from tests.unit.api.webhooks.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often, and wait less between tries."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr("accounts.webhook_deliveries.patience.FIRST_SECONDS", 0.01)


@dataclass
class World:
    """An account with a cache, topics, a receiver, and a webhook between them."""

    here: Installation
    topics: ScriptedTopics
    receiver: Receiver
    ada: Tenant
    rest: httpx.AsyncClient
    made: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/webhooks/{self.made['webhook_id']}"

    @property
    def texts(self) -> list[str]:
        return [httpx.Response(200, content=request.body).json()["text"] for request in self.receiver.requests]

    def publish(self, *texts: str, topic: str = "news") -> None:
        self.topics.publish(self.ada.id, "chat", topic, *texts)

    async def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.rest.get(self.path)).json()
        return found

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
        async with asyncio.timeout(patient(seconds)):
            while not await condition():
                await asyncio.sleep(0.05)

    async def until_number(self, number: int) -> None:
        """Wait until it is noted that everything up to a number is done with."""

        async def there() -> bool:
            return bool((await self.shown())["sequence_number"] == number)

        await self.until(there)

    def couriers(self) -> Couriers:
        """Return those of one more process."""
        accounts = self.here.accounts
        return Couriers(accounts.database, accounts.master_keys, self.topics, LateSender(allow_private=True))


@asynccontextmanager
async def world(start: Start) -> AsyncGenerator[World]:
    here = await start(billing=BillingSettings(private_webhooks=True))
    topics = ScriptedTopics()
    here.fleet.items.answer(topics)
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    async with receiving() as receiver, here.rest(authorization=ada.key) as rest:
        body = {"cache": "chat", "name": "archive", "topic": "news", "url": receiver.url}
        made = (await rest.post("/v1/webhooks", json=body)).json()
        yield World(here, topics, receiver, ada, rest, made)


async def test_another_process_goes_on_where_one_that_died_has_noted_its_last(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stops hands over at once; one that dies keeps its leases to their end."""
    monkeypatch.setattr(module, "LEASE_SECONDS", 2)
    monkeypatch.setattr(module, "RENEW_SECONDS", 1)
    async with world(start) as made:
        made.publish("a", "b")
        await made.until_number(2)
        await made.here.accounts.posting.couriers.close()
        dying, heir = made.couriers(), made.couriers()
        await dying.look()
        made.publish("c")
        await made.until_number(3)
        await heir.look()
        assert (dying.webhooks, heir.webhooks) == (1, 0)
        for _, task in dying._running.values():  # as when its process is killed: nothing is let go
            task.cancel()
        made.publish("d", "e")

        async def is_taken_over() -> bool:
            await heir.look()
            return heir.webhooks == 1

        await made.until(is_taken_over)
        await made.until_number(5)
        await heir.close()
        await dying.close()
    assert made.texts == ["a", "b", "c", "d", "e"]
    assert made.topics.open == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_change_holds_within_a_second_and_another_topic_begins_with_what_is_new(start: Start) -> None:
    async with world(start) as made:
        made.publish("a")
        await made.until_number(1)
        made.publish("old", "older", topic="sports")
        changed = await made.rest.patch(made.path, json={"topic": "sports", "max_concurrency": 2})
        assert changed.json()["max_concurrency"] == 2
        made.publish("new", topic="sports")
        await made.until_number(3)
        assert (await made.rest.delete(made.path)).status_code == 204
        await made.until(lambda: _is(made.topics.open == 0))
    assert made.texts == ["a", "new"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_dead_letter_is_sealed_in_the_database_and_gone_with_its_webhook(start: Start) -> None:
    async with world(start) as made:
        made.receiver.statuses = [422]
        made.publish("between you and me")
        await made.until_number(1)
        rows = await made.here.rows()
        assert "between you and me" not in rows
        assert made.made["secret"] not in rows
        (letter,) = (await made.rest.get(f"{made.path}/dead-letters")).json()["dead_letters"]
        assert (letter["event"]["text"], letter["tries"]) == ("between you and me", 3)
        assert (await made.rest.delete(f"{made.path}/dead-letters/{letter['dead_letter_id']}")).status_code == 204
        assert (await made.shown())["dead_letters"] == 0
        made.publish("another")
        await made.until_number(2)
        assert (await made.shown())["dead_letters"] == 1
        await made.here.delete_cache(made.ada.key, "chat")
        assert (await made.rest.get(made.path)).status_code == 404
        assert "webhook_event" not in await made.here.rows()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_replay_that_fails_leaves_a_dead_letter_and_one_that_is_taken_none(start: Start) -> None:
    async with world(start) as made:
        made.receiver.statuses = [422, 422, 422, 500, 200]
        made.publish("x")
        await made.until_number(1)
        assert (await made.rest.post(f"{made.path}/dead-letters/replay")).json() == {"dead_letters": 1}
        await made.until(lambda: _is(len(made.receiver.requests) == 4))

        async def is_dead_again() -> bool:
            (letter,) = (await made.rest.get(f"{made.path}/dead-letters")).json()["dead_letters"]
            return (letter["state"], letter["status"], letter["tries"]) == ("dead", 500, 4)

        await made.until(is_dead_again)
        await made.rest.post(f"{made.path}/dead-letters/replay")

        async def has_none() -> bool:
            return (await made.shown())["dead_letters"] == 0

        await made.until(has_none)
    assert made.texts == ["x"] * 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_there_are_as_many_webhooks_as_there_may_be(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.webhooks.service.MOST_WEBHOOKS", 2)
    async with world(start) as made:
        body = {"cache": "chat", "topic": "news", "url": made.receiver.url}
        again = await made.rest.post("/v1/webhooks", json={**body, "name": "archive"})
        assert (again.status_code, again.json()["code"]) == (409, "already_exists")
        too_fast = {**body, "name": "two", "max_concurrency": 11}
        assert (await made.rest.post("/v1/webhooks", json=too_fast)).json()["code"] == "invalid_argument"
        assert (await made.rest.post("/v1/webhooks", json={**too_fast, "max_concurrency": 10})).status_code == 201
        refused = await made.rest.post("/v1/webhooks", json={**body, "name": "three"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_webhooks")
        names = [each["name"] for each in (await made.rest.get("/v1/webhooks?cache=chat")).json()["webhooks"]]
        assert names == ["archive", "two"]


async def _is(yes: bool) -> bool:
    return yes
