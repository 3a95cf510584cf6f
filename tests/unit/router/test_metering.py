"""What is counted, and when: see docs/metering.md."""

import asyncio
import time

import pytest
from momento_wire_types import permissionmessages_pb2 as permission

from api.account import Limits
from api.usage import DELIVERY, PUBLISH, REFUSED, Line
from router.meters.window import read
from router.router import RouterSettings
from tests.unit.asgi import Connection
from tests.unit.credentials import account, claims, explicit, token, topic_permission
from tests.unit.router.parts import World, world

SIZES = [0, 1, 1023, 1024, 1025, 4096, 1024 * 1024]
OPERATIONS = 1 + 1 + 1 + 1 + 2 + 4 + 1024


def lines_of(of: World) -> dict[tuple[str, str, str], Line]:
    """Return what was counted, by meter, cache and principal."""
    meters = of.router.seats.meters
    found: dict[tuple[str, str, str], Line] = {}
    for window in (*meters.ended, meters.window):
        for line in read(bytearray(window.memory)).lines:
            key = (line.meter, line.cache, line.principal)
            known = found.get(key)
            found[key] = line if known is None else line._replace(operations=known.operations + line.operations)
    return found


def counted(of: World, meter: str) -> tuple[int, int, int]:
    found = [line for (name, _, _), line in lines_of(of).items() if name == meter]
    return (
        sum(line.messages for line in found),
        sum(line.bytes for line in found),
        sum(line.operations for line in found),
    )


async def reads(reader: Connection, messages: int) -> None:
    await reader.until(lambda: len(reader.numbers) == messages)
    await asyncio.sleep(0)  # the write is counted when it is done


@pytest.mark.parametrize("subscribers", [0, 1, 9])
async def test_each_size_counts_for_each_publish_and_delivery(acme: World, subscribers: int) -> None:
    readers = [acme.subscribe() for _ in range(subscribers)]
    for reader in readers:
        await reader.until(lambda reader=reader: reader.kinds == ["heartbeat"])
    for size in SIZES:
        await acme.publish("x" * size)
    for reader in readers:
        await reads(reader, len(SIZES))
    assert counted(acme, PUBLISH) == (len(SIZES), sum(SIZES), OPERATIONS)
    assert counted(acme, DELIVERY) == (
        subscribers * len(SIZES),
        subscribers * sum(SIZES),
        subscribers * OPERATIONS,
    )


async def test_text_counts_by_its_bytes(acme: World) -> None:
    await acme.publish("é" * 1000)
    assert counted(acme, PUBLISH) == (1, 2000, 2)


async def test_what_is_replayed_counts_as_delivered(acme: World) -> None:
    for _ in range(5):
        await acme.publish("x" * 2000)
    newest, all_of_them = acme.subscribe(), acme.subscribe(number=2)
    await reads(newest, 1)
    await reads(all_of_them, 4)
    assert counted(acme, DELIVERY) == (5, 10_000, 10)


async def test_a_long_history_counts_in_the_pieces_in_which_it_is_read(acme: World) -> None:
    for _ in range(40):
        await acme.publish("x" * 20_000)
    reader = acme.subscribe(number=1)
    await reads(reader, 40)
    assert counted(acme, DELIVERY) == (40, 800_000, 800)


async def test_heartbeats_and_discontinuities_cost_nothing() -> None:
    acme = await world(RouterSettings(heartbeat_seconds=0.01))
    reader = acme.subscribe(number=77)
    await reader.until(lambda: reader.kinds.count("heartbeat") > 3)
    assert "discontinuity" in reader.kinds
    assert counted(acme, DELIVERY) == (0, 0, 0)


async def test_only_what_was_written_counts_and_not_what_was_dropped() -> None:
    acme = await world(RouterSettings(max_pending_bytes=10_000))
    reader = acme.subscribe()
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    reader.stall()
    for _ in range(50):
        await acme.publish("x" * 1000)
        await asyncio.sleep(0)
    reader.read_on()
    await reader.until(lambda: 50 in reader.numbers)
    await asyncio.sleep(0)
    assert "discontinuity" in reader.kinds
    assert counted(acme, DELIVERY)[0] == len(reader.numbers) < 50


async def test_a_write_that_fails_does_not_count(acme: World) -> None:
    reader = acme.subscribe()
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    reader.leave()
    await acme.publish()
    await asyncio.sleep(0.05)
    assert counted(acme, DELIVERY) == (0, 0, 0)


async def test_usage_is_told_apart_by_key_and_by_token_id(acme: World) -> None:
    disposable = token("disposable", expires_at=int(time.time()) + 60, publisher_id="ada")
    await acme.publish(credential=disposable)
    await acme.publish(credential=token("disposable", expires_at=int(time.time()) + 60, publisher_id="a\0b"))
    await acme.publish(credential=token("disposable", expires_at=int(time.time()) + 60))
    await acme.publish()
    principals = {principal for meter, _, principal in lines_of(acme) if meter == PUBLISH}
    assert principals == {"token:ada", "token:a\ufffdb", "", f"key:{claims('api_token', 'acme').id}"}


async def test_refused_requests_are_counted_by_reason_and_cost_nothing() -> None:
    acme = await world(RouterSettings(), account(limits=Limits(publishes_per_second=1, message_bytes=100)))
    reads_only = topic_permission(permission.TopicRole.TopicReadOnly)
    await acme.publish("x" * 101)
    await acme.publish(cache="none")
    await acme.publish(topic="\0")
    await acme.publish(credential=token("disposable", permissions=explicit(reads_only)))
    await acme.publish()
    await acme.publish()
    await acme.publish(credential="no token at all")
    reasons = {meter: line.messages for (meter, _, _), line in lines_of(acme).items() if meter.startswith(REFUSED)}
    assert reasons == {
        "refused.message_too_large": 1,
        "refused.not_found": 1,
        "refused.invalid_argument": 1,
        "refused.permission_denied": 1,
        "refused.publish_rate_exceeded": 1,
    }
    assert counted(acme, PUBLISH)[0] == 1
