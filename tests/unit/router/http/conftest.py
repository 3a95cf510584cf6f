"""The HTTP API over a router and storage nodes in the same process."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from router.http.topics import TopicsApi
from router.router import RouterSettings
from tests.patience import patient
from tests.unit.asgi import Connection
from tests.unit.credentials import token
from tests.unit.router.parts import World, world

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 0.05


@dataclass
class Http:
    """Clients of the HTTP API; acme's super user unless a request says otherwise."""

    world: World
    app: TopicsApi

    def request(
        self,
        method: str,
        *pieces: bytes,
        path: str = "/topics/cache/topic",
        query: str = "",
        credential: str | None = None,
        **headers: str,
    ) -> Connection:
        """Return a request that was not sent yet."""
        authorization = token() if credential is None else credential
        named = [(b"authorization", authorization.encode())] if authorization else []
        named += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        client = Connection(path, pieces or (b"",), named, method=method)
        client.scope = {**client.scope, "query_string": query.encode()}
        return client

    async def publish(self, body: bytes = b"hello", **request: str) -> Connection:
        """Publish, and return how it was answered."""
        return await self.request("POST", body, **request).through(self.app)

    async def poll(self, **request: str) -> Connection:
        """Poll, and return the answer."""
        return await self.request("GET", **request).through(self.app)

    def serve(self, method: str = "GET", **request: str) -> tuple[Connection, asyncio.Task[None]]:
        """Send a request that a task of its own serves."""
        client = self.request(method, **request)
        return client, self.world.serve(client, self.app)

    async def opened(self) -> None:
        """Wait until a subscription is open."""
        async with asyncio.timeout(patient(5)):
            while not self.world.router.subscriptions:
                await asyncio.sleep(0)


def body(client: Connection) -> dict[str, object]:
    """Return the JSON that a request was answered with."""
    return json.loads(client.body)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    made = await world(RouterSettings(heartbeat_seconds=HEARTBEAT_SECONDS))
    yield Http(made, TopicsApi(made.router, POLL_SECONDS))
    made.router.close()
