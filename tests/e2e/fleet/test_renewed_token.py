"""A subscriber whose disposable token ends goes on with a renewed one, through another router, and misses nothing."""

import asyncio
import itertools

import grpc
import pytest

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.tenant import Tenant

TOKEN_SECONDS = 2
LONG_SECONDS = 600
INTERVAL_SECONDS = 0.005


class Subscriber:
    """Reads one topic with one token after the other, as an SDK does that is told its last place.

    Attributes:
        numbers: The sequence numbers that came, in the order in which they came.
        texts: What came with them.
    """

    def __init__(self, fleet: Fleet, tenant: Tenant, cache: str) -> None:
        self.numbers: list[int] = []
        self.texts: list[str] = []
        self._fleet, self._tenant, self._cache = fleet, tenant, cache
        self._page = 0
        self._routers = itertools.cycle(fleet.routers)

    def token(self, seconds: int) -> str:
        """Mint a token for the topic, always with the same id."""
        rule = {"type": "topic", "permissions": ["read"], "caches": {"name": self._cache}, "topics": {"name": "news"}}
        body = {"token_id": "browser-1", "expires_in": seconds, "permissions": [rule]}
        return str(self._tenant.http.post("/v1/tokens", json=body).raise_for_status().json()["token"])

    async def read(self, token: str, *, until: str = "") -> None:
        """Read through the next router, from after what came last, until a text comes or the token ends."""
        connection = Connection(next(self._routers).address, token)
        try:
            after = self.numbers[-1] + 1 if self.numbers else 0
            async for message in connection.subscribe(self._cache, "news", after, self._page):
                assert message.WhichOneof("kind") != "discontinuity", message
                if message.WhichOneof("kind") == "item":
                    self._page = message.item.sequence_page
                    self.numbers.append(message.item.topic_sequence_number)
                    self.texts.append(message.item.value.text)
                    if message.item.value.text == until:
                        return
        finally:
            await connection.aclose()

    async def read_to_the_end(self, token: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await asyncio.wait_for(self.read(token), 10 * TOKEN_SECONDS)
        assert ended.value.code() == grpc.StatusCode.UNAUTHENTICATED


class Publisher:
    """Publishes numbers without a pause until it is stopped."""

    def __init__(self, connection: Connection, cache: str) -> None:
        self.sent = 0
        self._connection, self._cache = connection, cache
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        while not self._stopping.is_set():
            assert await self._connection.publish(self._cache, "news", str(self.sent)) == "OK"
            self.sent += 1
            await asyncio.sleep(INTERVAL_SECONDS)
        assert await self._connection.publish(self._cache, "news", "last") == "OK"
        await self._connection.aclose()

    def stop(self) -> None:
        self._stopping.set()


async def test_a_renewed_token_goes_on_where_the_one_before_ended(fleet: Fleet) -> None:
    fleet.wait_for_nodes(len(fleet.nodes))
    tenant = fleet.sign_up()
    cache = tenant.new_cache()
    subscriber = Subscriber(fleet, tenant, cache)
    publisher = Publisher(Connection(fleet.routers[0].address, tenant.key), cache)
    async with asyncio.TaskGroup() as running:
        running.create_task(publisher.run())
        await subscriber.read_to_the_end(subscriber.token(TOKEN_SECONDS))
        while_away = publisher.sent
        await asyncio.sleep(50 * INTERVAL_SECONDS)  # how long the client is away
        reading = running.create_task(subscriber.read_to_the_end(subscriber.token(LONG_SECONDS)))
        while len(subscriber.numbers) < while_away + 50:
            assert not reading.done()
            await asyncio.sleep(INTERVAL_SECONDS)
        await asyncio.to_thread(revoke, tenant)
        await reading
        publisher.stop()
        await asyncio.wait_for(subscriber.read(subscriber.token(LONG_SECONDS), until="last"), 10 * TOKEN_SECONDS)
    assert subscriber.numbers == list(range(subscriber.numbers[0], subscriber.numbers[0] + len(subscriber.numbers)))
    first = int(subscriber.texts[0])
    assert subscriber.texts == [*map(str, range(first, publisher.sent)), "last"]
    print(f"{len(subscriber.numbers)} items with three tokens")  # noqa: T201


def revoke(tenant: Tenant) -> None:
    """Revoke all tokens that were made with the id before now."""
    tenant.http.post("/v1/tokens/revoke", json={"token_id": "browser-1"}).raise_for_status()
