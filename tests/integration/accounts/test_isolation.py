"""Two accounts, every way in, every kind of caller: what is not one's own is not there, and looks like nothing."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from momento_wire_types import controlclient_pb2 as control
from starlette.routing import Mount

from accounts.audit import SYSTEM
from accounts.rpc.service import Service
from accounts.tokens.revoking import Which
from api.framing import frame
from tests.integration.accounts.installation import CONTROL, PASSWORD, Installation, Tenant
from tests.integration.accounts.minting import TOPICS, generate_disposable, super_user_key
from tests.integration.accounts.minting import token as minted
from tests.integration.accounts.ways import (
    BUDGET,
    FROM_THE_BODY,
    PUBLIC,
    ROUTES,
    RPCS,
    SECRET,
    WEBHOOK,
    Ids,
    Route,
)
from tests.unit.api.forgery import encoded, signed

NOTHING = "nothing-of-anybody"


@dataclass
class World:
    """An account full of things, another one, and what the first one's are called."""

    here: Installation
    bob: Tenant
    ada: Tenant
    ids: Ids

    @asynccontextmanager
    async def person(self, email: str) -> AsyncGenerator[httpx.AsyncClient]:
        async with self.here.rest() as browser:
            answer = await browser.post("/v1/login", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield browser


@pytest.fixture
async def world(here: Installation) -> World:
    bob, ada = await here.tenant(f"{SECRET}-bob"), await here.tenant("ada")
    ids = {"name": f"{SECRET}-cache", "key_id": bob.key_id, "invoice_id": "inv_1", "number": "1", "plan_id": "open"}
    await here.create_cache(bob.key, ids["name"])
    request = control._CreateSigningKeyRequest(ttl_minutes=5)
    key = await here.call(CONTROL, "CreateSigningKey", request, control._CreateSigningKeyResponse, bob.key)
    ids["signing_key_id"] = json.loads(key.key)["kid"]
    role = await here.accounts.roles.create(bob.id, SYSTEM, f"{SECRET}-role", SECRET, [])
    ids |= {"role_id": role.id, "account_id": bob.id, "impersonation_id": "look_1", "schedule_id": "sched_1"}
    ids["kid"] = here.accounts.keystore.signing_kid()
    which = Which(f"{SECRET}-token", is_prefix=False)
    ids["revocation_id"] = (await here.accounts.credentials.revoked_tokens.revoke(bob.id, SYSTEM, which)).id
    found = World(here, bob, ada, ids)
    async with found.person(bob.email) as browser:
        budget = await browser.post("/v1/budgets", json=BUDGET | {"name": f"{SECRET}-budget"})
        hook = await browser.post("/v1/billing/webhooks", json=WEBHOOK | {"url": f"https://example.com/{SECRET}"})
        of_topic = {"cache": ids["name"], "name": f"{SECRET}-webhook", "topic": SECRET, "url": "https://example.com/"}
        posted = (await browser.post("/v1/webhooks", json=of_topic)).json()
        ids |= {
            "topic_webhook_id": posted["webhook_id"],
            "topic_webhook": of_topic["name"],
            "dead_letter_id": "event_1",
        }
        invited = await browser.post("/v1/invitations", json={"email": f"{SECRET}@example.com", "role_id": "viewer"})
        ids["invitation_id"] = invited.json()["invitation"]["invitation_id"]
        ids |= {"account_id": bob.id, "user_id": (await browser.get("/v1/user")).json()["user_id"]}
        ids |= {"budget_id": budget.json()["budget_id"], "webhook_id": hook.json()["webhook_id"]}
        ids["session_id"] = (await browser.get("/v1/sessions")).json()["sessions"][0]["session_id"]
    return found


def operations(here: Installation) -> Iterator[tuple[str, str]]:
    paths: dict[str, dict[str, Any]] = here.accounts.app.openapi()["paths"]
    for path, methods in paths.items():
        for method in methods:
            yield method.upper(), path


def rpcs(here: Installation) -> set[tuple[str, str]]:
    mounts = [route.app for route in here.accounts.app.routes if isinstance(route, Mount)]
    services = [app for app in mounts if isinstance(app, Service)]
    assert len(services) == len(mounts)
    paths = [path.split("/") for service in services for path in service.paths]
    return {(name, method) for _, name, method in paths}


def test_every_way_in_is_in_the_tables(here: Installation) -> None:
    listed = [(route.method, route.path.partition("?")[0]) for route in ROUTES]
    assert len(set(listed)) == len(listed)
    assert set(operations(here)) == set(listed) | PUBLIC
    assert rpcs(here) == {(rpc.service, rpc.method) for rpc in RPCS} | FROM_THE_BODY


async def ask(client: httpx.AsyncClient, route: Route, ids: Ids) -> httpx.Response:
    body = None if route.body is None else {name: _filled(value, ids) for name, value in route.body.items()}
    return await client.request(route.method, route.path.format(**ids), json=body)


def _filled(value: object, ids: Ids) -> object:
    return value.format(**ids) if isinstance(value, str) else value


def check(route: Route, answer: httpx.Response, status: int, who: str) -> None:
    """Check an answer's status and, where it is a refusal, its shape."""
    told = (who, route.method, route.path, answer.text)
    assert answer.status_code == status, told
    if status >= 400:
        assert set(answer.json()) == {"code", "message", "details", "request_id"}, told


def without_request_id(body: str) -> dict[str, Any]:
    """Return a refusal less the one part that is new in each answer."""
    return {name: value for name, value in json.loads(body).items() if name != "request_id"}


async def test_what_is_anothers_looks_like_what_is_nobodys(world: World) -> None:
    nothing = dict.fromkeys(world.ids, NOTHING) | {"number": "1"}
    async with world.person(world.ada.email) as owner, world.here.rest(authorization=world.ada.key) as program:
        for route in ROUTES:
            for who, client, status in (
                ("owner", owner, route.stranger),
                ("key", program, route.stranger if route.key is None else route.key),
            ):
                answer = await ask(client, route, world.ids)
                check(route, answer, status, who)
                text = answer.text
                for id in world.ids.values():
                    text = text.replace(f"'{id}'", f"'{NOTHING}'")
                for mine in (SECRET, world.bob.id, *(id for id in world.ids.values() if "_" in id)):
                    assert mine not in text, (who, route.method, route.path, answer.text)
                if status == 404:
                    nobodys = (await ask(client, route, nothing)).text
                    assert without_request_id(text) == without_request_id(nobodys), (route.method, route.path)
    assert await world.here.cache_names(world.bob.key) == [world.ids["name"]]


async def test_a_viewer_looks_and_changes_nothing(world: World) -> None:
    email = await world.here.join(world.bob.id, "vera", "viewer")
    async with world.person(email) as viewer:
        for route in ROUTES:
            check(route, await ask(viewer, route, world.ids), route.viewer, "viewer")
    assert await world.here.cache_names(world.bob.key) == [world.ids["name"]]


async def credentials(world: World) -> Mapping[str, str]:
    """Return credentials of the account itself that do not hold, by what is wrong with them."""
    here, bob = world.here, world.bob
    header, payload, signature = bob.key.split(".")
    public = next(iter(here.directory.keys().values()))
    none = encoded(json.dumps({"alg": "none", "kid": json.loads(base64.b64decode(header + "=="))["kid"]}).encode())
    hs256 = encoded(json.dumps({"alg": "HS256", "kid": json.loads(base64.b64decode(header + "=="))["kid"]}).encode())
    revoked, key = await here.accounts.keys.generate(bob.id, SYSTEM, "owner", "", None)
    await here.accounts.keys.revoke(bob.id, SYSTEM, key.id)
    return {
        "nothing": "",
        "garbage": "garbage",
        "expired": minted(here, bob.id, "key", expires_in=-1, role_id="owner"),
        "revoked": revoked,
        "wrongly signed": f"{header}.{payload}.{encoded(hashlib.sha512(signature.encode()).digest())}",
        "of another installation": signed(),
        "alg none": f"{none}.{payload}.",
        "HS256 with the public key": f"{hs256}.{payload}."
        + encoded(hmac.digest(public, f"{hs256}.{payload}".encode(), hashlib.sha256)),
        "refreshes only": minted(here, bob.id, "refresh", refreshes="x"),
        "of an account that does not exist": super_user_key(here, "acc_nothing"),
        "too long": "x" * 65_536,
    }


async def test_no_credential_that_does_not_hold_opens_anything(world: World) -> None:
    bad = await credentials(world)
    for name, credential in bad.items():
        for rpc in RPCS:
            request = frame(rpc.request(world.ids).SerializeToString())
            call = await world.here.send(rpc.service, rpc.method, request, credential)
            assert (call.status, call.body) == (16, b""), (name, rpc.method)
        async with world.here.rest(authorization=credential) as client:
            answers = [(route, await ask(client, route, world.ids)) for route in ROUTES]
        for route, answer in answers:
            check(route, answer, 401, name)
        assert {answer.json()["code"] for _, answer in answers} == {"unauthenticated"}
    assert await world.here.cache_names(world.bob.key) == [world.ids["name"]]


async def test_a_token_that_administers_nothing_opens_nothing(world: World) -> None:
    viewers, _ = await world.here.accounts.keys.generate(world.bob.id, SYSTEM, "viewer", "", None)
    made, _ = await world.here.accounts.keys.generate(world.bob.id, SYSTEM, world.ids["role_id"], "", None)
    disposable = (await generate_disposable(world.here, world.bob.key, TOPICS)).api_key
    for name, credential in {"disposable": disposable, "viewer's": viewers, "role's": made}.items():
        for rpc in RPCS:
            request = frame(rpc.request(world.ids).SerializeToString())
            call = await world.here.send(rpc.service, rpc.method, request, credential)
            assert (call.status, call.body) == (7, b""), (name, rpc.method)
        async with world.here.rest(authorization=credential) as client:
            for route in ROUTES:
                check(route, await ask(client, route, world.ids), 401 if route.key == 401 else 403, name)
    assert await world.here.cache_names(world.bob.key) == [world.ids["name"]]


async def test_no_rpc_gives_or_takes_what_is_anothers(world: World) -> None:
    for rpc in RPCS:
        request = frame(rpc.request(world.ids).SerializeToString())
        call = await world.here.send(rpc.service, rpc.method, request, world.ada.key)
        assert call.status == rpc.stranger, rpc.method
        for mine in (SECRET, world.ids["signing_key_id"], world.bob.id):
            assert mine.encode() not in call.body
    assert await world.here.cache_names(world.bob.key) == [world.ids["name"]]


async def test_a_log_in_that_is_over_or_was_never_one_opens_nothing(world: World) -> None:
    async with world.person(world.bob.email) as browser:
        ended = browser.cookies["tidings"]
        await browser.post("/v1/logout")
    for name, cookie in {"ended": ended, "made up": "x" * 43, "a key": world.bob.key}.items():
        async with world.here.rest() as thief:
            thief.cookies.set("tidings", cookie)
            for route in ROUTES:
                check(route, await ask(thief, route, world.ids), 401, name)


async def test_nobody_is_slowed_down_by_how_a_credential_is_wrong(world: World) -> None:
    """Row S3: each is refused within 10 ms of work."""
    for name, credential in (await credentials(world)).items():
        async with world.here.rest(authorization=credential) as client:
            took = min([await _seconds(client) for _ in range(5)])
        assert took < 0.1, name


async def _seconds(client: httpx.AsyncClient) -> float:
    began = time.process_time()
    await client.get("/v1/caches")
    return time.process_time() - began
