"""The same promises with the product behind the edge: streams that end, restart and cost what they should."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from momento_wire_types import cachepubsub_pb2 as pubsub
from momento_wire_types import controlclient_pb2 as control

from cli.control_socket import ask
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.edge.test_restart import ENDED, roll
from tests.e2e.service import Service, until, within

HEARTBEAT_SECONDS = 0.95
SUBSCRIBE = "/cache_client.pubsub.Pubsub/Subscribe"
PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
ANONYMOUS = (*GRPC, ("authorization", ""))


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def subscribe(connection: Connection, topic: str = "news") -> int:
    request = pubsub._SubscriptionRequest(cache_name="edge", topic=topic)
    stream = connection.open(SUBSCRIBE, headers=ANONYMOUS, end=False)
    connection.data(stream, framed(request.SerializeToString()))
    return stream


def publish(connection: Connection, text: str, topic: str = "news") -> int:
    request = pubsub._PublishRequest(cache_name="edge", topic=topic, value=pubsub._TopicValue(text=text))
    return connection.call(PUBLISH, framed(request.SerializeToString()), headers=ANONYMOUS).grpc[0]


def create_cache(service: Service) -> None:
    request = control._CreateCacheRequest(cache_name="edge")
    with Connection(service.port) as connection:
        answer = connection.call(
            "/control_client.ScsControl/CreateCache", framed(request.SerializeToString()), headers=ANONYMOUS
        )
    assert answer.grpc[0] == 0


def open_streams(service: Service) -> int:
    newest = max((service.data / "run").glob("*/control.sock"), key=lambda path: int(path.parent.name))
    return int(str(asyncio.run(ask(newest, {"command": "status"}, timeout=5))["streams"]))


@pytest.fixture(scope="module")
def whole() -> Iterator[Service]:
    """The product, with a cache."""
    with Service("--drain-seconds", "2", local=True) as running:
        create_cache(running)
        yield running


def subscribed(connection: Connection, count: int) -> list[int]:
    streams = [subscribe(connection) for _ in range(count)]
    connection.wait(lambda: all(connection.answers[stream].body for stream in streams))
    return streams


@pytest.mark.parametrize("how", ["reset", "close"])
def test_an_abandoned_subscription_is_gone_within_two_heartbeats(whole: Service, how: str) -> None:
    with Connection(whole.port) as connection:
        streams = subscribed(connection, 20)
        assert open_streams(whole) == 20
        if how == "reset":
            for stream in streams:
                connection.h2.reset_stream(stream, 8)
            connection.flush()
        else:
            connection.close()
        within(lambda: open_streams(whole) == 0, 2 * HEARTBEAT_SECONDS + 0.3)


def test_an_idle_subscription_costs_next_to_no_processor_time(whole: Service) -> None:
    """A loop on receive() would take 0.9 of a core for each."""
    with Connection(whole.port) as connection:
        subscribed(connection, 100)
        envoy = psutil.Process(whole.envoy_pid)
        before = envoy.cpu_times()
        quiet_until = time.monotonic() + 2
        while (left := quiet_until - time.monotonic()) > 0:
            connection.read(left)
        after = envoy.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.4


def test_a_restart_fails_no_publish_and_ends_subscriptions_in_words_that_bring_them_back(whole: Service) -> None:
    failures: list[int] = []
    stopped = threading.Event()

    def keep_publishing() -> None:
        while not stopped.is_set():
            with Connection(whole.port) as connection:
                while not stopped.is_set() and not connection.goaways:
                    failures.extend([status] if (status := publish(connection, "x")) else [])

    publisher = threading.Thread(target=keep_publishing)
    with Connection(whole.port) as connection:
        streams = subscribed(connection, 10)
        publisher.start()
        try:
            whole.signal(signal.SIGHUP)
            connection.wait(lambda: all(connection.answers[stream].over for stream in streams), seconds=30)
            with Connection(whole.port) as again:
                subscribed(again, 10)
                until(lambda: len(whole.envoy_pids) == 1, seconds=30)
        finally:
            stopped.set()
            publisher.join()
    assert {connection.answers[stream].grpc for stream in streams} == {ENDED}
    assert failures == []


def test_a_cache_is_still_there_after_a_restart(whole: Service) -> None:
    roll(whole)
    with Connection(whole.port) as connection:
        assert publish(connection, "after") == 0


def test_a_stop_ends_subscriptions_in_words_that_bring_them_back() -> None:
    with Service("--drain-seconds", "1", local=True) as service:
        create_cache(service)
        with Connection(service.port) as connection:
            streams = subscribed(connection, 5)
            service.terminate()
            connection.wait(lambda: all(connection.answers[stream].over for stream in streams))
            assert {connection.answers[stream].grpc for stream in streams} == {ENDED}
            assert service.wait() == 0
