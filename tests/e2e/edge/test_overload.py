"""More publishes at a time than there is room for are refused at once, and nobody is kept from what is not theirs.

Envoy bounds them, hence the service where it reads all of them; `tests/integration/http2/` has Python's own bounds.
"""

import json
import socket
from typing import Any

import hpack
import httpx
import pytest

from cli.edge.precedence import NICE, may_be_taken_back
from cli.memory import memory_bytes
from cli.supervisor.hosting import heap_of
from tests.e2e.edge.conftest import PROBE
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.edge.test_hostile_http2 import END_HEADERS, HEADERS, PREFACE, frame
from tests.e2e.edge.threads import lowered
from tests.e2e.service import Service, until

PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
AT_A_TIME = 4096
UNAVAILABLE = 14
GRPC_HEAD = ((":path", PUBLISH), *GRPC)
HTTP_HEAD = ((":path", "/topics/cache/topic"), ("content-type", "text/plain"))
CROWD = ("authorization", "crowd")


def of(caller: str) -> list[tuple[str, str]]:
    return [*GRPC, ("authorization", caller)]


def crowd(port: int, *head: tuple[str, str]) -> socket.socket:
    """Begin half as many publishes as may be under way, on one connection, and end none."""
    fields = [(":method", "POST"), (":scheme", "http"), (":authority", "a"), *head]
    block = hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*field) for field in fields])
    streams = range(1, AT_A_TIME, 2)
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(PREFACE + b"".join(frame(HEADERS, END_HEADERS, stream, block) for stream in streams))
    return connection


def test_who_has_too_many_publishes_under_way_is_refused_alone(probe_by_edge: Service) -> None:
    halves = crowd(probe_by_edge.port, *GRPC_HEAD, CROWD), crowd(probe_by_edge.port, *HTTP_HEAD, CROWD)
    with Connection(probe_by_edge.port) as honest, halves[0], halves[1]:
        until(lambda: no_room(honest, PUBLISH, of("crowd")), what="a refusal")
        assert honest.call(PUBLISH, headers=of("crowd")).headers["grpc-message"] == "the service is busy or stopping"
        for _ in range(100):
            assert refused(honest, "crowd")
        httpx.get(f"{probe_by_edge.url}/after-them")
        log = probe_by_edge.data / "run" / "access.log"
        until(lambda: "/after-them" in log.read_text(), seconds=30, what="the line of a request after the refusals")
        assert log.read_text().count('"grpc":"UNAVAILABLE"') < 20  # or refusing would cost as much as serving
        others = [refused(honest, f"other-{number}") for number in range(12)]
        assert not all(others)  # one of four groups is full, and one or the other of these may be in it
        over_http = honest.call("/topics/cache/topic", b"text", headers=[CROWD])
        assert (over_http.status, json.loads(over_http.body)["code"]) == (503, "unavailable")
        assert honest.get("/topics/cache/topic", [CROWD]).status == 200
        assert honest.call("/probe.Probe/Call", headers=of("crowd")).grpc[0] == 0
    with Connection(probe_by_edge.port) as honest:
        until(lambda: not refused(honest, "crowd"), what="room again")


def test_who_has_the_token_in_the_query_is_bounded_as_well(probe_by_edge: Service) -> None:
    with (
        Connection(probe_by_edge.port) as honest,
        crowd(probe_by_edge.port, *HTTP_HEAD),
        crowd(probe_by_edge.port, *HTTP_HEAD),
    ):
        until(lambda: no_room(honest, "/topics/a/b?token=c", []), what="a refusal")
        assert honest.call("/topics/a/b?token=c", b"text", headers=()).status == 503
        assert honest.get("/topics/a/b?token=c").status == 200
    with Connection(probe_by_edge.port) as honest:
        until(lambda: honest.call("/topics/a/b?token=c", b"text", headers=()).status == 200, what="room again")


def no_room(connection: Connection, path: str, headers: list[tuple[str, str]]) -> bool:
    """Begin one more publish. One that is taken stays, or the last of a crowd might be refused for its sake."""
    stream = connection.open(path, headers=headers, end=False)
    connection.read(0.1)
    return connection.answers[stream].over


def refused(connection: Connection, caller: str) -> bool:
    answer = connection.call(PUBLISH, headers=of(caller))
    return answer.headers.get("grpc-status") == str(UNAVAILABLE)


@pytest.mark.skipif(not may_be_taken_back(), reason="the kernel lets nobody here raise a priority again")
def test_envoys_threads_give_way_to_python_while_publishes_are_refused(probe_by_edge: Service) -> None:
    def one_more_crowd_has_an_effect() -> bool:
        crowd(probe_by_edge.port, *GRPC_HEAD, CROWD).close()
        return lowered(probe_by_edge.envoy_pid) == {True: {NICE}, False: {0}}

    until(lambda: lowered(probe_by_edge.envoy_pid)[True] == {0}, what="no crowd of before")
    with crowd(probe_by_edge.port, *GRPC_HEAD, CROWD), crowd(probe_by_edge.port, *GRPC_HEAD, CROWD):
        until(one_more_crowd_has_an_effect, what="threads that give way")
    until(lambda: lowered(probe_by_edge.envoy_pid)[True] == {0}, what="threads that give way no longer")


def test_envoys_threads_give_way_to_python_where_that_is_asked_for() -> None:
    with Service(*PROBE, "--edge-nice", "10") as giving:
        assert lowered(giving.envoy_pid) == {True: {10}, False: {0}}


def test_envoy_keeps_as_much_for_a_connection_as_it_is_told_to() -> None:
    with Service(*PROBE, "--edge-buffer-kib", "1024") as roomy:
        (listener,) = configured(roomy)["static_resources"]["listeners"]
    assert listener["per_connection_buffer_limit_bytes"] == 1024 * 1024


def test_envoys_heap_goes_by_the_memory_that_there_is(probe: Service) -> None:
    heap = configured(probe)["overload_manager"]["resource_monitors"][1]["typed_config"]
    assert heap["max_heap_size_bytes"] == heap_of(memory_bytes())


def configured(service: Service) -> dict[str, Any]:
    (written,) = (service.data / "run").rglob("envoy.json")
    return json.loads(written.read_text())
