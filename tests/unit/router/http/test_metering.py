"""Polls and streams of events count what they brought, as gRPC does."""

import asyncio

from api.usage import DELIVERY, PUBLISH
from tests.unit.router.http.conftest import Http
from tests.unit.router.test_metering import counted, lines_of


async def test_a_poll_counts_all_that_it_answers(http: Http) -> None:
    for size in (0, 1025):
        await http.publish(b"x" * size)
    await http.poll(query="sequence_number=1")
    assert counted(http.world, PUBLISH) == (2, 1025, 3)
    assert counted(http.world, DELIVERY) == (2, 1025, 3)


async def test_an_answer_that_nobody_takes_does_not_count(http: Http) -> None:
    client, task = http.serve()
    await http.opened()
    client.leave()
    await http.publish()
    await task
    assert counted(http.world, DELIVERY) == (0, 0, 0)


async def test_a_stream_of_events_counts_each(http: Http) -> None:
    client, task = http.serve(accept="text/event-stream")
    await http.opened()
    for size in (0, 1025, 2048):
        await http.publish(b"x" * size)
    await client.until(lambda: client.body.count(b"event: item") == 3)
    await asyncio.sleep(0)
    task.cancel()
    assert counted(http.world, DELIVERY) == (3, 3073, 5)


async def test_what_is_refused_is_counted_by_reason(http: Http) -> None:
    await http.publish(path="/topics/none/topic")
    await http.poll(path="/topics/none/topic")
    assert {meter: line.messages for (meter, _, _), line in lines_of(http.world).items()} == {"refused.not_found": 2}
