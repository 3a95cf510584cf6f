"""All subscribers of a topic see one order, no gap and no duplicate, on every router."""

import asyncio
import itertools

from router.router import RouterSettings
from tests.integration.core.fleet import Gateway, fleet
from tests.unit.asgi import Connection

PUBLISHERS, SUBSCRIBERS, EACH = 4, 50, 100


async def publish_all(
    gateways: list[Gateway], topic: str = "topic", publishers: int = PUBLISHERS, each: int = EACH
) -> None:
    async def one(publisher: int, gateway: Gateway) -> None:
        for number in range(each):
            answer = await gateway.publish(f"{publisher}:{number}", topic)
            assert answer.status == 0

    await asyncio.gather(*(one(n, gateway) for n, gateway in zip(range(publishers), itertools.cycle(gateways))))


async def all_of(client: Connection, count: int) -> list[str]:
    await client.until(lambda: client.numbers[-1:] == [count])
    return client.texts


async def test_four_publishers_and_fifty_subscribers_on_two_routers_agree() -> None:
    async with fleet() as gateways:
        clients = [await gateways[n % 2].subscribe() for n in range(SUBSCRIBERS)]
        await publish_all(gateways)
        texts = [await all_of(client, PUBLISHERS * EACH) for client in clients]
    assert all(client.numbers == list(range(1, PUBLISHERS * EACH + 1)) for client in clients)
    assert all(client.kinds.count("discontinuity") == 0 for client in clients)
    assert all(text == texts[0] for text in texts)
    for publisher in range(PUBLISHERS):
        own = [text for text in texts[0] if text.startswith(f"{publisher}:")]
        assert own == [f"{publisher}:{number}" for number in range(EACH)]


async def test_topics_are_numbered_apart_wherever_they_live() -> None:
    topics = [f"topic {number}" for number in range(12)]
    async with fleet(nodes=3) as gateways:
        clients = {topic: await gateways[0].subscribe(topic) for topic in topics}
        await asyncio.gather(*(publish_all(gateways, topic, publishers=2, each=20) for topic in topics))
        for client in clients.values():
            await all_of(client, 40)
            assert client.numbers == list(range(1, 41))
        assert "3 links" in repr(gateways[0].router.owners)


async def test_subscribers_that_leave_and_resume_in_between_miss_nothing() -> None:
    async def restless(gateways: list[Gateway], total: int) -> list[int]:
        got: list[int] = []
        page = 0
        for gateway in itertools.cycle(gateways):
            client = await gateway.subscribe(number=len(got) + 1, page=page)
            wanted = min(len(got) + 37, total)
            await client.until(lambda client=client, wanted=wanted: client.numbers[-1:] >= [wanted])
            client.leave()
            assert "discontinuity" not in client.kinds
            got += client.numbers
            page = client.messages[-1].item.sequence_page
            if len(got) == total:
                return got
        raise AssertionError

    async with fleet() as gateways:
        total = PUBLISHERS * EACH
        readers = [asyncio.create_task(restless(gateways, total)) for _ in range(5)]
        await publish_all(gateways)
        for got in await asyncio.gather(*readers):
            assert got == list(range(1, total + 1))


async def test_a_slow_subscriber_is_told_what_it_missed_and_delays_nobody() -> None:
    async with fleet(routers=1, settings=RouterSettings(max_pending_bytes=10_000)) as gateways:
        slow, quick = await gateways[0].subscribe(), await gateways[0].subscribe()
        slow.stall()
        for number in range(1, 101):
            await gateways[0].publish("x" * 500)
            await quick.until(lambda number=number: quick.numbers[-1:] == [number])
        slow.read_on()
        await slow.until(lambda: slow.numbers[-1:] == [100])
        told = [m.discontinuity for m in slow.messages if m.HasField("discontinuity")]
    assert len(told) == 1
    missed = set(range(1, 101)) - set(slow.numbers)
    assert missed == set(range(told[0].last_topic_sequence + 1, told[0].new_topic_sequence))
    assert quick.numbers == list(range(1, 101))
