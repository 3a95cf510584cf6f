"""Redis has no room: durable publishes are refused, and go on when it has, without a restart."""

import asyncio

import pytest

from api.errors import Unavailable
from api.link import Receipt
from api.names import Topic
from backplane.redis.connection import connect
from backplane.redis_location import location
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.node import Node
from tests.redis_server import redis_server

TOPIC = Topic("account", "cache", "chat", durable=True)


async def test_what_a_full_store_refuses_fills_no_log_and_takes_no_number(caplog: pytest.LogCaptureFixture) -> None:
    with redis_server() as redis:
        client = connect(location(redis.url))
        topics = DurableTopics(Node("node-1"), StreamJournal(client, "test", "node-1"), lambda: 1)
        first = await topics.publish(TOPIC, b"one", b"me")
        redis.fill()
        for _ in range(50):
            with pytest.raises(Unavailable, match="refuses what it is asked"):
                await topics.publish(TOPIC, b"lost", b"me")
        redis.make_room()
        after = await asyncio.gather(*(topics.publish(TOPIC, b"more", b"me") for _ in range(2)))
        await topics.close()
        await client.aclose()
    assert after == [Receipt(first.page, number) for number in (2, 3)]
    assert sum("refuses a call" in record.message for record in caplog.records) == 1
