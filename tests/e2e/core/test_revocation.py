"""A key is revoked while many streams are open with it, some of whose readers stand still."""

import re
import time
from contextlib import ExitStack

import httpx

from tests.e2e.core.frames import SUBSCRIBE, messages, subscription
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

READING, STALLED = 45, 5
IDLE_SECONDS = 5
METRICS = re.compile(r"^metrics (http://\S+)$", re.MULTILINE)


def test_the_streams_of_a_revoked_key_end_and_those_that_are_not_read_are_cut() -> None:
    with ExitStack() as stack:
        service = stack.enter_context(Service("--stream-idle-seconds", str(IDLE_SECONDS), "--metrics-port", "0"))
        tenant = stack.enter_context(Tenant(service))
        cache, (key, key_id) = tenant.new_cache(), tenant.new_key()
        headers = (*GRPC, ("authorization", key))
        stalled = [stack.enter_context(Connection(service.port, stalled=True)) for _ in range(STALLED)]
        for connection in stalled:
            stream = connection.open(SUBSCRIBE, headers=headers, end=False)
            connection.data(stream, subscription(cache, "topic"))
            connection.wait(lambda connection=connection: bool(messages(connection.answers[1].body)))
        client = tenant.client(key)
        streams = [client.subscribe(cache, "topic") for _ in range(READING)]
        for number in range(200):
            client.publish(cache, "topic", f"{number:04}" + "x" * 1000)
        assert all(stream.texts(200)[-1].startswith("0199") for stream in streams)

        began = time.monotonic()
        tenant.revoke(key_id)
        assert {stream.end().code.name for stream in streams} == {"UNAUTHENTICATED"}
        assert time.monotonic() - began < 10
        for connection in stalled:  # what its window took is all that it ever gets
            connection.within(lambda connection=connection: connection.answers[1].over, 4 * IDLE_SECONDS)
            found = [m for m in messages(connection.answers[1].body) if m.HasField("item")]
            assert len(found) < 200
        until(lambda: _open_subscriptions(service) == 0, seconds=20, what="the end of all subscriptions")


def _open_subscriptions(service: Service) -> float:
    place = METRICS.search(service.output)
    assert place
    found = re.search(r"^tidings_router_subscriptions (\S+)$", httpx.get(place[1]).text, re.MULTILINE)
    assert found
    return float(found[1])
