"""What accounts are told of themselves on `$sys/` topics: what somebody listens to, and no more."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from accounts.audit import SYSTEM, record
from accounts.audit.log import AuditLog
from accounts.paging import MOST
from accounts.self_observation.service import SelfObservation
from api.errors import Unavailable
from api.gaps import GapLine
from api.usage import PUBLISH, Batch, Line, encode
from backplane.system import Interest, MemorySystemTopics, SystemItem
from tests.integration.accounts.installation import Installation
from tests.integration.backplane.test_system import Router


class Told:
    """What an account service tells by a backplane of its own; the job of the service itself tells nobody here."""

    def __init__(self, here: Installation, system: MemorySystemTopics | None = None) -> None:
        accounts = here.accounts
        self._system = system or MemorySystemTopics()
        log = AuditLog(accounts.database)
        self._observation = SelfObservation(self._system, accounts.ledger, accounts.limits, log)

    async def heard(self, *interests: Interest) -> dict[str, list[Any]]:
        """Return what a router is told that listens to this at one time."""
        router = Router(*interests)
        stop = self._system.answer(router)
        try:
            await self._observation.tell()
        finally:
            stop()
        bodies: dict[str, list[Any]] = {}
        for account, topic, body in router.told:
            assert Interest(account, topic) in interests
            bodies.setdefault(topic, []).append(json.loads(body))
        return bodies


class Interrupted(MemorySystemTopics):
    """A backplane that tells nobody anything as long as it is down."""

    is_down = False

    @override
    async def tell(self, items: Sequence[SystemItem]) -> None:
        if self.is_down:
            raise Unavailable("nobody can be told")
        await super().tell(items)


async def test_each_topic_says_what_rest_says(here: Installation) -> None:
    told = Told(here)
    ada, bob = await here.tenant(), await here.tenant("bob")
    client = here.rest(authorization=ada.key)
    assert await told.heard() == {}
    minute = int(time.time()) // 60
    used = Line(ada.id, "cache", PUBLISH, "", 3, 30, 3)
    gap = GapLine(ada.id, "cache", "lobby", "link", 1, 4, 9)
    batch = Batch("router-1", "boot", 1, b"", minute, [used], gaps=[gap])
    await here.accounts.ledger.batches.apply([encode(batch)])
    heard = await told.heard(
        Interest(ada.id, "$sys/usage"), Interest(ada.id, "$sys/limits"), Interest(ada.id, "$sys/gaps")
    )
    ((usage,), (limits,), (gaps,)) = (heard[f"$sys/{name}"] for name in ("usage", "limits", "gaps"))
    assert [(row["meter"], row["cache_id"], row["messages"]) for row in usage["usage"]] == [(PUBLISH, "cache", 3)]
    assert limits == (await client.get("/v1/limits")).json()
    assert gaps == (await client.get("/v1/gaps")).json()
    assert (await told.heard(Interest(bob.id, "$sys/gaps")))["$sys/gaps"] == [{"gaps": [], "next_token": None}]
    assert await told.heard(Interest("acc_gone", "$sys/limits")) == {}


async def test_entries_of_the_audit_log_are_told_once_and_the_newest_first_of_all(here: Installation) -> None:
    told = Told(here)
    ada = await here.tenant()
    client = here.rest(authorization=ada.key)
    audit = Interest(ada.id, "$sys/audit")
    for name in ("one", "two"):
        await client.post("/v1/caches", json={"name": name})
    (entry,) = (await told.heard(audit))["$sys/audit"]
    assert entry == (await client.get("/v1/audit")).json()["entries"][0]
    assert await told.heard(audit) == {}
    for name in ("three", "four"):
        await client.post("/v1/caches", json={"name": name})
    assert [each["target"] for each in (await told.heard(audit))["$sys/audit"]] == ["three", "four"]
    await told.heard()
    assert [each["target"] for each in (await told.heard(audit))["$sys/audit"]] == ["four"]


async def test_more_entries_than_are_told_at_once_are_told_the_next_times(here: Installation) -> None:
    told = Told(here)
    ada = await here.tenant()
    audit = Interest(ada.id, "$sys/audit")
    await told.heard(audit)
    names = [f"item-{number}" for number in range(2 * MOST + 1)]
    async with here.accounts.database.transaction() as session:
        for name in names:
            record(session, SYSTEM, ada.id, "thing.made", name)
            await session.flush()
    heard = [[each["target"] for each in (await told.heard(audit))["$sys/audit"]] for _ in range(3)]
    assert [len(each) for each in heard] == [MOST, MOST, 1]
    assert [name for some in heard for name in some] == names
    assert await told.heard(audit) == {}


async def test_entries_that_could_not_be_told_are_told_the_next_time(here: Installation) -> None:
    system = Interrupted()
    told = Told(here, system)
    ada = await here.tenant()
    client = here.rest(authorization=ada.key)
    audit = Interest(ada.id, "$sys/audit")
    await told.heard(audit)
    await client.post("/v1/caches", json={"name": "one"})
    system.is_down = True
    with pytest.raises(Unavailable):
        await told.heard(audit)
    system.is_down = False
    await client.post("/v1/caches", json={"name": "two"})
    assert [each["target"] for each in (await told.heard(audit))["$sys/audit"]] == ["one", "two"]


async def test_of_very_many_caches_usage_is_told_together(here: Installation) -> None:
    told = Told(here)
    ada = await here.tenant()
    minute = int(time.time()) // 60
    lines = [Line(ada.id, f"cache-{number}", PUBLISH, "", 1, 1, 1) for number in range(2_001)]
    await here.accounts.ledger.batches.apply([encode(Batch("router-1", "boot", 1, b"", minute, lines))])
    ((usage,),) = ((await told.heard(Interest(ada.id, "$sys/usage")))["$sys/usage"],)
    assert sum(row["messages"] for row in usage["usage"]) == 2_001
    assert {row["cache_id"] for row in usage["usage"]} == {None}


async def test_a_topic_that_a_newer_router_knows_is_left_alone(here: Installation) -> None:
    told = Told(here)
    ada = await here.tenant()
    strange: Any = Interest(ada.id, "$sys/weather")  # pyright: ignore[reportArgumentType]
    assert await told.heard(strange) == {}
