"""Two accounts with the same names in them, and every way in: what is not one's own is not there."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from momento_wire_types import controlclient_pb2 as control
from starlette.routing import Mount

from accounts.rpc.service import Service
from api.framing import frame
from tests.integration.accounts.installation import AUTH, CONTROL, TOKEN, Installation, Tenant
from tests.unit.api.forgery import saying, signed

ROUTES: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", "/v1/caches"): (200,),
    ("POST", "/v1/caches"): (201,),
    ("GET", "/v1/caches/{name}"): (404,),
    ("PATCH", "/v1/caches/{name}"): (404,),
    ("POST", "/v1/caches/{name}/flush"): (404,),
    ("DELETE", "/v1/caches/{name}"): (404,),
    ("GET", "/v1/limits"): (200,),
    ("PATCH", "/v1/limits"): (400,),
    ("GET", "/v1/api-keys"): (200,),
    ("POST", "/v1/api-keys"): (403,),
    ("GET", "/v1/api-keys/{key_id}"): (404,),
    ("DELETE", "/v1/api-keys/{key_id}"): (404,),
    ("POST", "/v1/session-token"): (401,),
}
"""What each route answers an API key that names what only another account has."""

OF_NOBODY = {("POST", "/v1/signup"), ("POST", "/v1/login"), ("POST", "/v1/logout")}
"""Routes that read no token."""

RPCS: dict[tuple[str, str], tuple[Message, int]] = {
    (CONTROL, "CreateCache"): (control._CreateCacheRequest(cache_name="bobs"), 0),
    (CONTROL, "DeleteCache"): (control._DeleteCacheRequest(cache_name="bobs-own"), 5),
    (CONTROL, "FlushCache"): (control._FlushCacheRequest(cache_name="bobs-own"), 5),
    (CONTROL, "ListCaches"): (control._ListCachesRequest(), 0),
    (CONTROL, "CreateSigningKey"): (control._CreateSigningKeyRequest(ttl_minutes=5), 0),
    (CONTROL, "RevokeSigningKey"): (control._RevokeSigningKeyRequest(), 5),
    (CONTROL, "ListSigningKeys"): (control._ListSigningKeysRequest(), 0),
}
"""What each RPC answers a key that names what only another account has."""

FROM_THE_BODY = {(AUTH, "GenerateApiToken"), (AUTH, "RefreshApiToken"), (TOKEN, "GenerateDisposableToken")}
"""RPCs that read the token in the message, and name nothing of an account."""

FORGED = [
    "",
    "garbage",
    "a.b.c",
    signed(),
    saying(kind="key"),
    signed(header={"alg": "none", "kid": "key-1"}),
    "x" * 65_536,
]


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


async def two(here: Installation) -> tuple[Tenant, Tenant]:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    for each in (ada, bob):
        await here.create_cache(each.key, "chat")
    await here.create_cache(bob.key, "bobs-own")
    return ada, bob


async def test_every_route_and_every_rpc_is_in_the_tables(here: Installation) -> None:
    assert set(operations(here)) == set(ROUTES) | OF_NOBODY
    assert rpcs(here) == set(RPCS) | FROM_THE_BODY


async def test_no_route_gives_or_takes_what_is_anothers(here: Installation) -> None:
    ada, bob = await two(here)
    bodies = {"/v1/caches": {"name": "mine"}, "/v1/api-keys": {"role_id": "owner"}}
    async with here.rest(authorization=ada.key) as client:
        for (method, path), statuses in ROUTES.items():
            url = path.format(name="bobs-own", key_id=bob.key_id)
            body = bodies.get(path) if method == "POST" else {"durable": False} if method == "PATCH" else None
            answer = await client.request(method, url, json=body)
            assert answer.status_code in statuses, (method, path, answer.text)
            assert bob.id not in answer.text
            assert "bobs-own" not in answer.text.replace("cache 'bobs-own' does not exist", "")
    assert await here.cache_names(bob.key) == ["bobs-own", "chat"]


async def test_no_rpc_gives_or_takes_what_is_anothers(here: Installation) -> None:
    ada, bob = await two(here)
    request = control._CreateSigningKeyRequest(ttl_minutes=5)
    await here.call(CONTROL, "CreateSigningKey", request, control._CreateSigningKeyResponse, bob.key)
    theirs = await here.call(
        CONTROL, "ListSigningKeys", control._ListSigningKeysRequest(), control._ListSigningKeysResponse, bob.key
    )
    bobs_key = theirs.signing_key[0].key_id
    for (service, method), (message, status) in RPCS.items():
        if isinstance(message, control._RevokeSigningKeyRequest):
            message.key_id = bobs_key
        call = await here.send(service, method, frame(message.SerializeToString()), ada.key)
        assert call.status == status, method
        assert bobs_key.encode() not in call.body
        assert b"bobs-own" not in call.body
    await here.delete_cache(ada.key, "chat")
    assert await here.cache_names(bob.key) == ["bobs-own", "chat"]


async def test_no_forged_token_opens_any_route_or_rpc(here: Installation) -> None:
    await here.tenant("acme")
    for forged in FORGED:
        for (service, method), (message, _) in RPCS.items():
            call = await here.send(service, method, frame(message.SerializeToString()), forged)
            assert call.status == 16, (method, forged[:40])
        async with here.rest(authorization=forged) as client:
            for method, path in ROUTES:
                answer = await client.request(
                    method, path.format(name="chat", key_id="key_1"), json=_body(method, path)
                )
                assert answer.status_code == 401, (method, path, forged[:40])
                assert answer.json()["code"] == "unauthenticated"


def _body(method: str, path: str) -> dict[str, str] | None:
    if method != "POST":
        return None
    return {"/v1/caches": {"name": "mine"}, "/v1/api-keys": {"role_id": "owner"}}.get(path)
