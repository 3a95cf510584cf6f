"""Three accounts with the same names make, use, delete and make again; nobody sees anything that is not theirs.

A model says what each cache of each account holds since it was made last; the composed application must agree, and a
key that was revoked, or an item of a cache that is gone, must never come back.
"""

import asyncio
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from cli.embedded import Embedded
from cli.settings import EmbeddedSettings
from router.pubsub import PUBLISH, SUBSCRIBE
from tests.integration.core.test_embedded import Service, request
from tests.patience import patient
from tests.unit.asgi import Connection, publish_request, subscribe_request

TENANTS = ("ada", "bob", "eve")
CACHES = st.sampled_from(("chat", "news"))
TOPICS = st.sampled_from(("a", "b"))
WHO = st.sampled_from(TENANTS)
NOT_FOUND, UNAUTHENTICATED = 5, 16


@dataclass
class Tenant:
    """An account, and what the model says of it."""

    http: httpx.AsyncClient
    key: str
    key_id: str
    revoked: list[str] = field(default_factory=list[str])
    caches: dict[str, dict[str, list[str]]] = field(default_factory=dict[str, dict[str, list[str]]])


class Isolation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="tidings-")
        self._tenants: dict[str, Tenant] = {}

    @initialize()
    def sign_up(self) -> None:
        self._loop.run_until_complete(self._sign_up())

    @rule(who=WHO, cache=CACHES)
    def make_cache(self, who: str, cache: str) -> None:
        tenant = self._tenants[who]
        status = self._do(tenant.http.post("/v1/caches", json={"name": cache})).status_code
        assert status == (409 if cache in tenant.caches else 201)
        tenant.caches.setdefault(cache, {})

    @rule(who=WHO, cache=CACHES)
    def delete_cache(self, who: str, cache: str) -> None:
        tenant = self._tenants[who]
        status = self._do(tenant.http.delete(f"/v1/caches/{cache}")).status_code
        assert status == (204 if cache in tenant.caches else 404)
        tenant.caches.pop(cache, None)

    @rule(who=WHO, cache=CACHES, topic=TOPICS)
    def publish(self, who: str, cache: str, topic: str) -> None:
        tenant = self._tenants[who]
        text = f"{who} {cache} {topic} {secrets.token_hex(4)}"
        status = self._call(PUBLISH, publish_request(cache, topic, text), tenant.key).status
        assert status == (0 if cache in tenant.caches else NOT_FOUND)
        if cache in tenant.caches:
            tenant.caches[cache].setdefault(topic, []).append(text)

    @rule(who=WHO, cache=CACHES, topic=TOPICS)
    def read_all(self, who: str, cache: str, topic: str) -> None:
        tenant = self._tenants[who]
        held = tenant.caches.get(cache)
        status, texts = self._do(self._read(tenant.key, cache, topic, len((held or {}).get(topic, []))))
        assert status == (None if held is not None else NOT_FOUND)
        assert texts == (held or {}).get(topic, [])

    @rule(who=WHO)
    def list_caches(self, who: str) -> None:
        tenant = self._tenants[who]
        answer = self._do(tenant.http.get("/v1/caches")).json()
        assert sorted(cache["name"] for cache in answer["caches"]) == sorted(tenant.caches)

    @rule(who=WHO)
    def replace_key(self, who: str) -> None:
        tenant = self._tenants[who]
        assert self._do(tenant.http.delete(f"/v1/api-keys/{tenant.key_id}")).status_code == 204
        tenant.revoked.append(tenant.key)
        tenant.key, tenant.key_id = self._do(_new_key(tenant.http))

    @precondition(lambda self: any(tenant.revoked for tenant in self._tenants.values()))
    @rule(who=WHO, cache=CACHES)
    def try_revoked_keys(self, who: str, cache: str) -> None:
        for key in self._tenants[who].revoked:
            assert self._call(PUBLISH, publish_request(cache, "a", "never"), key).status == UNAUTHENTICATED

    @rule(who=WHO, other=WHO)
    def look_for_a_key_of_another(self, who: str, other: str) -> None:
        answer = self._do(self._tenants[who].http.get(f"/v1/api-keys/{self._tenants[other].key_id}"))
        assert answer.status_code == (200 if who == other else 404)

    @override
    def teardown(self) -> None:
        self._loop.run_until_complete(self._end())
        self._loop.close()
        self._folder.cleanup()

    async def _sign_up(self) -> None:
        folder = Path(self._folder.name)
        app = Embedded.compose(
            EmbeddedSettings(
                data_dir=folder,
                host="127.0.0.1",
                port=8080,
                endpoint="localhost",
                tls=False,
                local=False,
                nodes=2,
                control_socket=folder / "control.sock",
                generation=1,
            )
        )
        await app.start()
        self._service = Service(app)
        for name in TENANTS:
            http = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=cast("Any", app)), base_url="http://127.0.0.1:8080"
            )
            person = {"email": f"{name}@example.com", "password": "correct horse battery", "account_name": name}
            assert (await http.post("/v1/signup", json=person)).status_code == 201
            self._tenants[name] = Tenant(http, *await _new_key(http))

    async def _end(self) -> None:
        for tenant in self._tenants.values():
            await tenant.http.aclose()
        for task in list(self._service.tasks):
            task.cancel()
        await asyncio.gather(*self._service.tasks, return_exceptions=True)
        await self._service.app.close()

    async def _read(self, key: str, cache: str, topic: str, count: int) -> tuple[int | None, list[str]]:
        """Subscribe from the first item on, and return what comes: how many there should be, and what came by then."""
        client = _authorized(SUBSCRIBE, subscribe_request(cache, topic, 1), key)
        self._service.serve(client)
        async with asyncio.timeout(patient(10)):
            await client.until(lambda: client.status is not None or (len(client.texts) >= count and bool(client.kinds)))
            await asyncio.sleep(0.01)
        return client.status, client.texts

    def _call(self, path: str, body: bytes, key: str) -> Connection:
        return self._do(_authorized(path, body, key).through(self._service.app))

    def _do(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)


async def _new_key(http: httpx.AsyncClient) -> tuple[str, str]:
    body = {"role_id": "owner", "description": "", "expiry": "never"}
    made = (await http.post("/v1/api-keys", json=body)).json()
    return made["api_key"], made["key_info"]["key_id"]


def _authorized(path: str, body: bytes, key: str) -> Connection:
    client = request(path, body)
    headers = [(name, value) for name, value in client.scope["headers"] if name != b"authorization"]
    client.scope = {**client.scope, "headers": [*headers, (b"authorization", key.encode())]}
    return client


TestIsolation = Isolation.TestCase
TestIsolation.settings = settings(
    max_examples=6, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
