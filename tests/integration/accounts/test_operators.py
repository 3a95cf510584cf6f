"""What operators of the installation see and do over REST, and that nobody else does."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from accounts.audit import SYSTEM
from accounts.database.base import Base
from accounts.impersonations.service import VALID_SECONDS, Impersonations
from accounts.memberships import repository as memberships
from accounts.operators.service import Operators
from accounts.purges.service import Purges
from accounts.tenants.plans import CONTRACT, PLANS
from api.account import AccountSnapshot
from api.errors import Unauthenticated
from api.usage import Line
from backplane.interface import Node, Process
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation, Refused
from tests.patience import patient
from tests.unit.clock import Clock

ADMIN = "/v1/admin/accounts"


@pytest.fixture
async def operator(here: Installation) -> AsyncGenerator[httpx.AsyncClient]:
    """A script with an operator's token."""
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest(authorization=token) as client:
        yield client


@asynccontextmanager
async def logged_in(here: Installation, email: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json={"email": email, "password": PASSWORD})).status_code == 200
        yield browser


async def told(client: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def snapshot(here: Installation, account_id: str) -> AccountSnapshot:
    found = await here.directory.account(account_id)
    assert found is not None
    return found


async def audited(here: Installation, account_id: str) -> list[tuple[str, str]]:
    async with here.accounts.database.reading() as session:
        rows = await session.execute(
            text("SELECT action, actor_kind FROM audit_entry WHERE account_id = :id ORDER BY id"), {"id": account_id}
        )
        return [(row.action, row.actor_kind) for row in rows]


async def test_operators_come_in_by_a_log_in_or_a_token_and_nobody_else_does(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    await here.accounts.operation.operators.appoint(ada.email)
    token, kept = await here.accounts.operation.operators.make_token("a script", None)
    async with logged_in(here, ada.email) as browser, here.rest(authorization=token) as script:
        for client in (browser, script):
            assert len((await told(client, ADMIN))["accounts"]) == 2
        assert (await browser.post(f"{ADMIN}/{bob.id}/suspension", json={"reason": "x"})).status_code == 200
        foreign = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
        assert (await browser.delete(f"{ADMIN}/{bob.id}/suspension", headers=foreign)).status_code == 403
        await here.accounts.operation.operators.dismiss(ada.email)
        await here.accounts.operation.operators.revoke_token(kept.id)
        assert (await browser.get(ADMIN)).status_code == 403
        assert (await script.get(ADMIN)).status_code == 401
    async with here.rest(authorization=ada.key) as key:
        assert (await key.get(ADMIN)).status_code == 403
    async with here.rest() as nobody:
        assert (await nobody.get(ADMIN)).status_code == 401


async def test_a_token_of_an_operator_expires_and_is_kept_as_a_hash(here: Installation) -> None:
    clock = Clock(1_700_000_000)
    operators = Operators(here.accounts.database, clock)
    token, _ = await operators.make_token("short", 1_700_000_060)
    assert token not in await here.rows()
    assert (await operators.by_token(token, "127.0.0.1")).actor.kind == "operator"
    clock.advance(60)
    with pytest.raises(Unauthenticated):
        await operators.by_token(token, "127.0.0.1")


async def test_accounts_are_found_by_id_name_and_e_mail_of_a_member(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    tenants = [await here.tenant(name) for name in ("ada", "bob", "carol_100%")]

    async def found(**query: str) -> list[str]:
        answer = await operator.get(ADMIN, params=query)
        return sorted(account["name"] for account in answer.json()["accounts"])  # all are of the same second

    assert await found() == ["ada", "bob", "carol_100%"]
    assert await found(query=tenants[1].id) == ["bob"]
    assert await found(query="AD") == ["ada"]
    assert await found(query="BOB@example.com") == ["bob"]
    assert await found(query="example.com") == ["ada", "bob", "carol_100%"]
    assert await found(query="l_100%") == ["carol_100%"]
    assert await found(query="_") == ["carol_100%"]
    assert await found(query="nobody") == []
    await operator.post(f"{ADMIN}/{tenants[0].id}/suspension", json={"reason": "unpaid"})
    assert (await found(suspended="true"), await found(suspended="false")) == (["ada"], ["bob", "carol_100%"])
    first = (await operator.get(ADMIN, params={"limit": 2})).json()
    rest = (await operator.get(ADMIN, params={"limit": 2, "next_token": first["next_token"]})).json()
    assert sorted(a["name"] for a in (*first["accounts"], *rest["accounts"])) == ["ada", "bob", "carol_100%"]


async def test_an_account_is_described_with_its_members_and_its_use(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    line = Line(ada.id, "cache_1", "publish", "key:1", messages=2, bytes=3, operations=4)
    async with here.accounts.database.transaction() as session:
        await here.accounts.usage.record(session, [(int(time.time()) // 60, "router-1", line)])
    found = await told(operator, f"{ADMIN}/{ada.id}")
    assert [(member["email"], member["role_id"]) for member in found["members"]] == [("ada@example.com", "owner")]
    assert (found["caches"], found["api_keys"], found["account"]["limits_plan"]) == (1, 1, "open")
    (used,) = found["usage_this_month"]
    assert (used["meter"], used["messages"], used["operations"]) == ("publish", 2, 4)
    assert (await operator.get(f"{ADMIN}/acc_nothing")).status_code == 404


async def test_a_suspended_account_is_refused_everywhere_and_resumes_as_it_was(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    answer = await operator.post(f"{ADMIN}/{ada.id}/suspension", json={"reason": "unpaid"})
    account = answer.json()["account"]
    assert (account["suspended"], account["suspension_reason"]) == (True, "unpaid")
    assert (await snapshot(here, ada.id)).suspended
    with pytest.raises(Refused, match="7: the account is suspended"):
        await here.list_caches(ada.key)
    assert (await operator.delete(f"{ADMIN}/{ada.id}/suspension")).status_code == 204
    assert await here.cache_names(ada.key) == ["chat"]
    assert (await operator.delete(f"{ADMIN}/{ada.id}/suspension")).status_code == 204
    assert [entry for entry in await audited(here, ada.id) if entry[1] == "operator"] == [
        ("account.suspended", "operator"),
        ("account.resumed", "operator"),
    ]
    assert (await operator.post(f"{ADMIN}/{ada.id}/suspension", json={})).status_code == 400


async def test_limits_and_plans_are_assigned(here: Installation, operator: httpx.AsyncClient) -> None:
    ada = await here.tenant()
    assert (await operator.patch(f"{ADMIN}/{ada.id}", json={"limits_plan": CONTRACT})).status_code == 200
    assert (await snapshot(here, ada.id)).limits == PLANS[CONTRACT]
    assert (await operator.patch(f"{ADMIN}/{ada.id}", json={"limits_plan": "none"})).status_code == 400
    wanted = {"subscriptions": {"value": 7, "hard": 9}, "caches": {"hard": 3}}
    answer = await operator.patch(f"{ADMIN}/{ada.id}/limits", json=wanted)
    limits = {limit["name"]: limit for limit in answer.json()["limits"]}
    assert (limits["subscriptions"]["value"], limits["subscriptions"]["hard"]) == (7, 9)
    assert (limits["caches"]["value"], limits["caches"]["hard"]) == (3, 3)
    assert (await snapshot(here, ada.id)).limits.subscriptions == 7
    assert await told(operator, f"{ADMIN}/{ada.id}/limits") == answer.json()
    held = await operator.post(f"{ADMIN}/{ada.id}/plan", json={"plan_id": "pay-per-use"})
    assert (held.status_code, held.json()["plan_id"]) == (201, "pay-per-use")
    for path in ("", "/limits"):
        assert (await operator.patch(f"{ADMIN}/acc_no{path}", json={"limits_plan": "open"})).status_code in (400, 404)


async def rows_of(here: Installation, *words: str) -> set[str]:
    """Return the tables that hold one of these words."""
    async with here.accounts.database.reading() as session:
        found = {table.name: (await session.execute(select(table))).all() for table in Base.metadata.sorted_tables}
    return {name for name, rows in found.items() if any(word in str(row) for row in rows for word in words)}


async def test_a_deleted_account_leaves_nothing_but_books_and_logs(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    await here.create_cache(ada.key, "chat")
    async with here.rest(authorization=ada.key) as client:
        await client.patch("/v1/limits", json={"caches": 5})
        await client.post("/v1/roles", json={"name": "reader", "permissions": []})
    await operator.post(f"{ADMIN}/{ada.id}/impersonations", json={"reason": "to be deleted"})
    cache_id = (await snapshot(here, ada.id)).caches["chat"].id
    assert (await operator.delete(f"{ADMIN}/{ada.id}")).status_code == 204
    assert await here.directory.account(ada.id) is None
    assert (await operator.get(f"{ADMIN}/{ada.id}")).status_code == 404
    assert await rows_of(here, ada.id, ada.email, cache_id) <= {
        "audit_entry",
        "purge",
        "mail",
        "closed_period",
        "plan_assignment",
    }
    with pytest.raises(Refused, match="16: "):
        await here.list_caches(ada.key)
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})).status_code == 401
    assert await here.cache_names(bob.key) == []
    again = await here.tenant("ada")
    assert again.id != ada.id
    assert await here.cache_names(again.key) == []


async def test_whoever_is_in_another_account_or_operates_the_installation_stays(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    ada, bob, carol = await here.tenant("ada"), await here.tenant("bob"), await here.tenant("carol")
    async with here.accounts.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO membership (account_id, user_id, role_id)"
                " SELECT :to, user_id, 'viewer' FROM membership WHERE account_id = :from"
            ),
            {"to": bob.id, "from": ada.id},
        )
    await here.accounts.operation.operators.appoint(carol.email)
    for tenant in (ada, carol):
        assert (await operator.delete(f"{ADMIN}/{tenant.id}")).status_code == 204
    assert "user" in await rows_of(here, ada.email)
    assert "user" in await rows_of(here, carol.email)


class Topics:
    """Stands where durable topics are, and writes down what is asked of it."""

    def __init__(self) -> None:
        self.removed: list[tuple[str, bool]] = []

    async def remove(self, account_id: str, cache_id: str, *, for_good: bool) -> int:
        self.removed.append((cache_id, for_good))
        return 1


async def test_what_is_in_redis_is_purged_twice(here: Installation, operator: httpx.AsyncClient) -> None:
    ada, clock, topics = await here.tenant(), Clock(time.time()), Topics()
    for name in ("chat", "news"):
        await here.create_cache(ada.key, name)
    caches = (await snapshot(here, ada.id)).caches
    chat, news = caches["chat"].id, caches["news"].id
    await here.delete_cache(ada.key, "news")
    await operator.delete(f"{ADMIN}/{ada.id}")
    purges = Purges(here.accounts.database, here.directory, topics, clock)
    for seconds in (130, 60, 1, 1):
        clock.advance(seconds)
        await purges.run()
    assert sorted(topics.removed) == sorted([(chat, False), (chat, True), (news, False), (news, True)])
    assert "purge" not in await rows_of(here, ada.id)


async def test_an_operator_looks_at_an_account_and_its_log_says_so(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    await here.create_cache(ada.key, "chat")
    begun = await operator.post(f"{ADMIN}/{ada.id}/impersonations", json={"reason": "ticket 4711"})
    assert begun.status_code == 201
    token, look = begun.json()["token"], begun.json()["impersonation"]
    assert token not in await here.rows()
    async with here.rest(authorization=token) as viewer:
        assert [cache["name"] for cache in (await told(viewer, "/v1/caches"))["caches"]] == ["chat"]
        for method, path, body in (
            ("POST", "/v1/caches", {"name": "x"}),
            ("DELETE", "/v1/caches/chat", None),
            ("PATCH", "/v1/limits", {"caches": 1}),
            ("GET", ADMIN, None),
        ):
            assert (await viewer.request(method, path, json=body)).status_code == 403, path
        (listed,) = (await told(operator, "/v1/admin/impersonations"))["impersonations"]
        assert listed == look
        assert (await operator.delete(f"/v1/admin/impersonations/{look['impersonation_id']}")).status_code == 204
        assert (await viewer.get("/v1/caches")).status_code == 401
    log = [action for action, kind in await audited(here, ada.id) if kind == "operator"]
    assert (log[0], log[1], log[-1]) == ("impersonation.begun", "impersonation.looked", "impersonation.ended")
    assert "GET /v1/caches" in await here.rows()
    assert [action for action, _ in await audited(here, bob.id) if "impersonation" in action] == []
    with pytest.raises(Refused, match="16: "):
        await here.list_caches(token)


async def test_a_look_ends_by_itself(here: Installation) -> None:
    ada, clock = await here.tenant(), Clock(1_700_000_000)
    looks = Impersonations(here.accounts.database, clock)
    operator = await here.accounts.operation.operators.by_token(
        (await here.accounts.operation.operators.make_token("", None))[0], ""
    )
    token, _ = await looks.begin(ada.id, operator.actor, "ticket 4711")
    clock.advance(VALID_SECONDS)
    with pytest.raises(Unauthenticated):
        await looks.member(token, "GET", "/v1/caches", "")
    assert await looks.end_expired() == "1 ended"
    assert (await audited(here, ada.id))[-1] == ("impersonation.ended", "system")


async def test_the_looks_of_whoever_is_an_operator_no_more_end(here: Installation) -> None:
    ada, bob, eve = await here.tenant("ada"), await here.tenant("bob"), await here.tenant("eve")
    operators = here.accounts.operation.operators
    for email in (bob.email, eve.email):
        await operators.appoint(email)
    token, kept = await operators.make_token("a script", None)
    path = f"{ADMIN}/{ada.id}/impersonations"
    looks: dict[str, str] = {}
    async with (
        logged_in(here, bob.email) as by_bob,
        logged_in(here, eve.email) as by_eve,
        here.rest(authorization=token) as script,
    ):
        for name, client in (("bob", by_bob), ("eve", by_eve), ("script", script)):
            looks[name] = (await client.post(path, json={"reason": "ticket 4711"})).json()["token"]

    async def open_to() -> list[str]:
        answers = dict.fromkeys(looks, 0)
        for name, look in looks.items():
            async with here.rest(authorization=look) as viewer:
                answers[name] = (await viewer.get("/v1/caches")).status_code
        assert set(answers.values()) <= {200, 401}
        return [name for name, status in answers.items() if status == 200]

    assert await open_to() == ["bob", "eve", "script"]
    await operators.dismiss(bob.email)
    assert await open_to() == ["eve", "script"]
    await operators.revoke_token(kept.id)
    assert await open_to() == ["eve"]
    ended = [entry for entry in await audited(here, ada.id) if entry[0] == "impersonation.ended"]
    assert ended == [("impersonation.ended", "system")] * 2
    assert "the operator was dismissed" in await here.rows()


async def test_processes_nodes_and_jobs_are_shown(here: Installation, operator: httpx.AsyncClient) -> None:
    registry = here.fleet.registry
    await registry.beat(Node("node-1", "127.0.0.1:7400", 2.0, boot="b"))
    await registry.announce(Process("router-1", "router", "127.0.0.1:8080", "1.0", 1.0, 2.0))
    (process,) = (await told(operator, "/v1/admin/processes"))["processes"]
    assert (process["id"], process["tier"]) == ("router-1", "router")
    (node,) = (await told(operator, "/v1/admin/map"))["nodes"]
    assert (node["id"], node["weight"], node["state"]) == ("node-1", 2.0, "live")
    assert (await operator.post("/v1/admin/jobs/limits.watch/run")).status_code == 202
    async with asyncio.timeout(patient(20)):
        jobs: dict[str, Any] = {}
        while not jobs.get("limits.watch", {}).get("runs"):
            jobs = {job["name"]: job for job in (await told(operator, "/v1/admin/jobs"))["jobs"]}
            await asyncio.sleep(0.05)
    assert {"accounts.purge", "impersonations.end", "limits.watch", "invoices.close"} <= set(jobs)
    assert jobs["limits.watch"]["outcome"] == "done"
    assert (await operator.post("/v1/admin/jobs/nothing/run")).status_code == 404


async def test_a_new_service_does_all_of_its_jobs_at_once(start: Start) -> None:
    jobs = (await start(due=True)).accounts.jobs
    async with asyncio.timeout(patient(30)):
        while not all(job.runs for job in await jobs.list()):
            await asyncio.sleep(0.05)
    assert {job.outcome for job in await jobs.list()} == {"done"}


async def test_whoever_manages_an_account_takes_no_operators_right_away(here: Installation) -> None:
    ada, bob, carol = [await here.tenant(name) for name in ("ada", "bob", "carol")]
    operators, email = here.accounts.operation.operators, await here.join(ada.id, "eve", "viewer")
    eve = (await operators.appoint(email)).user_id
    async with logged_in(here, ada.email) as owner, logged_in(here, email) as by_eve:
        look = (await by_eve.post(f"{ADMIN}/{bob.id}/impersonations", json={"reason": "ticket 4711"})).json()["token"]
        for refused in (await owner.delete(f"/v1/members/{eve}"), await by_eve.post("/console/team/leave")):
            assert (refused.status_code, f"tidings operator dismiss {email}" in unescape(refused.text)) == (409, True)
        assert (await by_eve.get("/v1/caches")).status_code == 200
        async with here.accounts.database.transaction() as session:
            memberships.add(session, carol.id, eve, "viewer")
        assert (await owner.delete(f"/v1/members/{eve}")).status_code == 204
    await here.accounts.operation.accounts.delete(carol.id, SYSTEM)
    assert [each_email for _, each_email in await operators.list()] == [email]
    async with here.rest(authorization=look) as viewer:
        assert (await viewer.get("/v1/caches")).status_code == 200
        await operators.dismiss(email)
        assert (await viewer.get("/v1/caches")).status_code == 401
    assert (await audited(here, bob.id))[-1] == ("impersonation.ended", "system")
    again = await here.tenant("eve")
    assert again.email == email
