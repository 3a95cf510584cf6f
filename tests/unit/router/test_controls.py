"""The test controls of local mode (points 83 to 91 of docs/compatibility.md)."""

import asyncio

import pytest

from api.errors import TidingsError
from api.framing import frame
from api.items import HEARTBEAT
from router.controls import MAX_COUNTERS, Controls, StreamLimit
from router.pubsub import PUBLISH
from router.router import RouterSettings
from tests.unit.asgi import Connection, publish_request
from tests.unit.credentials import account
from tests.unit.router.parts import World, connection, world

WORDS = {
    "cancelled": 1,
    "unknown": 2,
    "invalid-argument": 3,
    "deadline-exceeded": 4,
    "not-found": 5,
    "already-exists": 6,
    "permission-denied": 7,
    "resource-exhausted": 8,
    "failed-precondition": 9,
    "internal": 13,
    "unavailable": 14,
    "connection-error": 14,
    "unauthenticated": 16,
    "NOT_FOUND_ERROR": 5,
    "SERVER_UNAVAILABLE": 14,
    "AUTHENTICATION_ERROR": 16,
    "CANCELLED_ERROR": 1,
    "LIMIT_EXCEEDED_ERROR": 8,
    "TIMEOUT_ERROR": 4,
}


def asked(**controls: str) -> dict[bytes, bytes]:
    """Return metadata with a request id; `return_error` stands for `return-error` and so on."""
    named = {"request_id": "test-1"} | controls
    return {name.replace("_", "-").encode(): value.encode() for name, value in named.items()}


async def status(controls: Controls, headers: dict[bytes, bytes], rpc: str = "topic-publish") -> int:
    try:
        await controls.before(rpc, headers)
    except TidingsError as error:
        return error.grpc
    return 0


async def delay(controls: Controls, headers: dict[bytes, bytes], rpc: str = "topic-subscribe") -> float:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await status(controls, headers, rpc)
    return round(loop.time() - before, 3)


@pytest.mark.parametrize(("word", "expected"), WORDS.items())
async def test_each_word_asks_for_its_status_in_both_spellings(word: str, expected: int) -> None:
    assert await status(Controls(), asked(return_error=word, error_rpcs="topic-publish")) == expected


async def test_an_error_strikes_the_calls_that_it_names_only() -> None:
    headers = asked(return_error="not-found", error_rpcs="get topic-subscribe set")
    assert await status(Controls(), headers, "topic-subscribe") == 5
    assert await status(Controls(), headers, "topic-publish") == 0


async def test_only_the_first_so_many_calls_fail() -> None:
    controls, headers = Controls(), asked(return_error="unavailable", error_rpcs="topic-publish", error_count="2")
    assert [await status(controls, headers) for _ in range(4)] == [14, 14, 0, 0]


async def test_without_a_count_all_calls_fail() -> None:
    controls, headers = Controls(), asked(return_error="unavailable", error_rpcs="topic-publish")
    assert [await status(controls, headers) for _ in range(4)] == [14] * 4


async def test_counts_belong_to_a_request_id_and_a_call() -> None:
    controls = Controls()
    headers = asked(return_error="unavailable", error_rpcs="topic-publish topic-subscribe", error_count="1")
    other = headers | {b"request-id": b"test-2"}
    assert [await status(controls, headers), await status(controls, headers)] == [14, 0]
    assert await status(controls, other) == 14
    assert await status(controls, headers, "topic-subscribe") == 14


async def test_a_delay_holds_the_call_up_and_is_counted_too() -> None:
    controls = Controls()
    headers = asked(delay_rpcs="topic-subscribe", delay_ms="1500", delay_count="1")
    assert [await delay(controls, headers), await delay(controls, headers)] == [1.5, 0]
    assert await delay(controls, headers, "topic-publish") == 0


async def test_a_call_that_is_to_be_slow_and_to_fail_is_slow_first() -> None:
    headers = asked(
        delay_rpcs="topic-subscribe", delay_ms="200", return_error="not-found", error_rpcs="topic-subscribe"
    )
    assert await delay(Controls(), headers) == 0.2
    assert await status(Controls(), headers, "topic-subscribe") == 5


@pytest.mark.parametrize(
    "headers",
    [
        {},
        asked(),
        asked(return_error="not-found"),
        asked(error_rpcs="topic-publish"),
        asked(return_error="", error_rpcs="topic-publish"),
        asked(return_error="not-found", error_rpcs=""),
        asked(request_id="", return_error="not-found", error_rpcs="topic-publish"),
        asked(delay_rpcs="topic-publish", delay_ms=""),
    ],
)
async def test_what_is_empty_or_absent_is_off(headers: dict[bytes, bytes]) -> None:
    assert await status(Controls(), headers) == 0
    assert await delay(Controls(), headers, "topic-publish") == 0


@pytest.mark.parametrize(
    "headers",
    [
        asked(return_error="no-such-word", error_rpcs="topic-publish"),
        asked(return_error="not-found", error_rpcs="topic-publish", error_count="many"),
        asked(delay_rpcs="topic-publish", delay_ms="-1"),
        asked(delay_rpcs="topic-publish", delay_ms="1e9"),
        asked(delay_rpcs="topic-publish", delay_ms="9999999999"),
    ],
)
async def test_what_cannot_be_understood_is_invalid(headers: dict[bytes, bytes]) -> None:
    assert await status(Controls(), headers) == 3


async def test_only_so_many_counters_are_kept() -> None:
    controls = Controls()
    headers = asked(return_error="unavailable", error_rpcs="topic-publish", error_count="1")
    for number in range(MAX_COUNTERS + 10):
        assert await status(controls, headers | {b"request-id": b"%d" % number}) == 14
    assert len(controls._used) <= MAX_COUNTERS


def limit(messages: str) -> StreamLimit | None:
    headers = asked(
        stream_error="unavailable", stream_error_rpcs="topic-subscribe", stream_error_message_limit=messages
    )
    return Controls().stream_limit("topic-subscribe", headers)


def test_a_streams_limit_counts_messages_and_the_first_heartbeat() -> None:
    found = limit("4")
    assert found is not None
    message = frame(b"x")
    assert found.admitted(HEARTBEAT) == HEARTBEAT
    assert found.admitted(message * 2) == message * 2
    assert not found.reached
    assert found.admitted(message * 5) == message
    assert (found.reached, found.error.grpc) == (True, 14)


def test_items_that_are_replayed_with_the_first_heartbeat_do_not_count() -> None:
    found = limit("2")
    assert found is not None
    assert found.admitted(HEARTBEAT + frame(b"x") * 9) == HEARTBEAT + frame(b"x") * 9
    assert not found.reached


def test_a_stream_without_the_control_has_no_limit() -> None:
    controls = Controls()
    assert controls.stream_limit("topic-subscribe", {}) is None
    assert controls.stream_limit("topic-subscribe", asked(stream_error="unavailable")) is None
    assert controls.stream_limit("topic-subscribe", asked(stream_error_rpcs="topic-subscribe")) is None


@pytest.fixture
async def local() -> World:
    return await world(RouterSettings.for_local(), account("local"))


def header(**controls: str) -> list[tuple[bytes, bytes]]:
    return list(asked(**controls).items())


def subscribe(local: World, messages: int, **controls: str) -> Connection:
    extra = header(
        stream_error="NOT_FOUND_ERROR",
        stream_error_rpcs="topic-subscribe",
        stream_error_message_limit=str(messages),
        **controls,
    )
    return local.subscribe("topic", 0, 0, "cache", "", *extra)


async def test_a_stream_fails_in_place_of_the_message_after_its_limit(local: World) -> None:
    client = subscribe(local, 3)
    await client.answered()
    assert (client.kinds, client.status) == (["heartbeat"] * 3, 5)


async def test_each_new_stream_counts_anew(local: World) -> None:
    for _ in range(2):
        client = subscribe(local, 2)
        await client.answered()
        assert client.kinds == ["heartbeat"] * 2


async def test_a_limit_within_a_burst_ends_the_stream_at_once(local: World) -> None:
    client = subscribe(local, 3)
    await client.until(lambda: client.kinds == ["heartbeat"])
    loop = asyncio.get_running_loop()
    before = loop.time()
    for number in range(10):
        await local.publish(str(number), credential="")
    await client.answered()
    assert (client.texts, client.status) == (["0", "1"], 5)
    assert loop.time() == before


async def test_an_asked_for_error_is_told_before_any_heartbeat(local: World) -> None:
    extra = header(
        return_error="unavailable", error_rpcs="topic-subscribe", delay_rpcs="topic-subscribe", delay_ms="500"
    )
    client = local.subscribe("topic", 0, 0, "cache", "", *extra)
    await asyncio.sleep(0.4)
    assert client.sent == []
    await client.answered()
    assert (client.status, client.is_trailers_only) == (14, True)


@pytest.mark.parametrize("is_local", [True, False])
async def test_controls_work_in_local_mode_and_nowhere_else(*, is_local: bool) -> None:
    made = await world(RouterSettings(local=is_local), account("local"), account("acme"))
    extra = header(return_error="not-found", error_rpcs="topic-publish")
    client = await connection(PUBLISH, publish_request(), None, *extra).through(made.pubsub.publish)
    assert client.status == (5 if is_local else 0)
