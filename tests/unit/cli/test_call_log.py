"""Which calls that Python reads have a line in the access log, and what it says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from api.errors import NotFound, TidingsError, Unavailable
from api.grpc_asgi import Receive, Scope, Send, refuse, reply_empty, start_stream, write
from api.log_context import binding
from cli.call_log import ONE_OF, CallLog, Notable, line
from cli.edge.listener import ACCESS_FIELDS
from cli.settings import GrpcSettings
from http2.connection import Connection, Shared
from http2.counts import Counts
from http2.endings import LEFT, RESET
from http2.leaving import Leaving
from http2.limits import Limits
from http2.sending import Turn
from http2.stream import Stream
from http2.waiting import Waiting
from tests.integration.http2 import wire

PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
SUBSCRIBE = "/cache_client.pubsub.Pubsub/Subscribe"
EPOCH = 1_800_000_000.25
ANSWERS: dict[str, TidingsError | None] = {"ok": None, "nowhere": NotFound("no"), "busy": Unavailable("later")}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what the query says, as the product answers."""
    answer = scope["query_string"].decode()
    if answer == "opens":
        await start_stream(send)
        await write(send, b"12345")
        await asyncio.Event().wait()
    error = ANSWERS[answer]
    with binding(request_id="of-a-test"):
        await (reply_empty(send) if error is None else refuse(send, error))


async def ended(path: str = PUBLISH, extra: wire.Fields = (), client: str = "192.0.2.1") -> Stream:
    """Make a call, lose its connection when it has an answer, or part of one, and return the stream."""
    before = asyncio.all_tasks()
    found: list[Stream] = []
    written: list[object] = []
    counts, leaving = Counts(), Leaving()
    shared = Shared(counts, Turn(), Waiting(counts), leaving, found.append)
    connection = Connection(application, Limits(), shared, written.append)
    connection.client = (client, 50123)
    connection.receive(wire.PREFACE + wire.headers(1, path, extra) + wire.data(1, b"hello", end=True), 10)
    for _ in range(10):
        await asyncio.sleep(0)
    connection.lost(LEFT)
    leaving.finish()
    for task in asyncio.all_tasks() - before:
        task.cancel()
    (stream,) = found
    return stream


def said(stream: Stream, proxies: int = 0, seconds: float = 0.0) -> dict[str, Any]:
    return json.loads(line(stream, proxies, stream.began + seconds, EPOCH))


async def test_a_publish_that_succeeded_has_none_and_one_that_failed_has() -> None:
    notable = Notable()
    assert not notable.chooses(await ended(f"{PUBLISH}?ok"))
    assert notable.chooses(await ended(f"{PUBLISH}?nowhere"))


async def test_one_of_a_hundred_publishes_has_that_were_too_many() -> None:
    notable, stream = Notable(), await ended(f"{PUBLISH}?busy")
    assert [notable.chooses(stream) for _ in range(3 * ONE_OF)] == 3 * [True, *(ONE_OF - 1) * [False]]


@pytest.mark.parametrize("answer", ["ok", "nowhere", "busy"])
async def test_each_other_call_has_one(answer: str) -> None:
    stream = await ended(f"/cache_client.Ping/Ping?{answer}")
    assert all(Notable().chooses(stream) for _ in range(2 * ONE_OF))


async def test_a_publish_has_one_whose_client_has_left() -> None:
    assert Notable().chooses(await ended(f"{PUBLISH}?opens"))


async def test_a_line_has_the_members_that_envoy_writes_and_no_query() -> None:
    stream = await ended(f"{SUBSCRIBE}?nowhere")
    line = said(stream, seconds=1.25)
    assert set(line) == set(ACCESS_FIELDS)
    assert line == {
        "connection_end": None,
        "details": "",
        "flags": "-",
        "grpc": "NOT_FOUND",
        "method": "POST",
        "milliseconds": 1250,
        "path": SUBSCRIBE,
        "peer": "192.0.2.1:50123",
        "protocol": "HTTP/2",
        "received_bytes": 5,
        "request_id": "of-a-test",
        "sent_bytes": 0,
        "status": 200,
        "time": "2027-01-15T07:59:59.000Z",
    }


async def test_an_answer_with_an_id_in_no_place_has_none() -> None:
    line = said(await ended(f"{PUBLISH}?ok"))
    assert (line["grpc"], line["request_id"], line["sent_bytes"]) == ("OK", None, 5)


async def test_a_stream_that_its_client_left_says_so_and_has_no_status_of_grpc() -> None:
    stream = await ended(f"{SUBSCRIBE}?opens")
    line = said(stream)
    told = [line[name] for name in ("status", "grpc", "flags", "details", "sent_bytes")]
    assert told == [200, "UNKNOWN", "DC", "downstream_remote_disconnect", 5]
    stream.ending = RESET
    line = said(stream)
    assert (line["flags"], line["details"]) == ("DR", "http2.remote_reset")


async def test_a_refusal_by_the_server_of_http2_has_its_name() -> None:
    line = said(await ended("/%ff"))
    told = [line[name] for name in ("path", "status", "grpc", "flags", "details")]
    assert told == ["/%ff", 200, "INVALID_ARGUMENT", "-", "path_not_allowed"]
    assert len(line["request_id"]) == 32


async def test_no_name_of_a_client_begins_another_line() -> None:
    made = line(await ended('/a"\\\u2028\u00e9?nowhere'), 0, 0.0, EPOCH)
    assert (made.count(b"\n"), made[-1:]) == (1, b"\n")
    assert made.isascii()
    assert json.loads(made)["path"].startswith('/a"\\')


@pytest.mark.parametrize(
    ("proxies", "peer"), [(0, "[2001:db8::1]:50123"), (1, "198.51.100.7:0"), (3, "[2001:db8::1]:50123")]
)
async def test_the_peer_is_who_the_application_takes_it_for(proxies: int, peer: str) -> None:
    stream = await ended(f"{PUBLISH}?ok", [("x-forwarded-for", "203.0.113.9, 198.51.100.7")], "2001:db8::1")
    assert said(stream, proxies)["peer"] == peer


@pytest.mark.parametrize(("everything", "lines"), [(True, ["OK", "NOT_FOUND"]), (False, ["NOT_FOUND"])])
async def test_what_is_chosen_is_in_the_file_when_it_is_closed(
    tmp_path: Path, everything: bool, lines: list[str]
) -> None:
    path = tmp_path / "access.log"
    path.write_text("{}\n")
    log = CallLog(settings(path, everything=everything))
    log.start()
    for answer in ("ok", "nowhere"):
        log.ended(await ended(f"{PUBLISH}?{answer}"))
    await log.close()
    first, *others = map(json.loads, path.read_text().splitlines())
    assert (first, [each["grpc"] for each in others]) == ({}, lines)


def settings(path: Path, *, everything: bool) -> GrpcSettings:
    return GrpcSettings(
        host="127.0.0.1",
        port=None,
        stalled_seconds=1,
        ping_seconds=1,
        ping_answer_seconds=1,
        trusted_proxies=0,
        access_log=path,
        access_log_all=everything,
    )
