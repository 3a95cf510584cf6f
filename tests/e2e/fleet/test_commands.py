"""`tidings router`, `storage` and `accounts` as an operator meets them: start, refusal, health, drain, a crash."""

import os
import signal
import time

import httpx
import pytest

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Tier, run
from tests.e2e.service import until

TIERS: tuple[Tier, ...] = ("router", "storage", "accounts")


def test_each_process_says_that_it_is_ready_and_is(pair: Fleet) -> None:
    for member in pair.members:
        ready = f"ready {member.address if member.tier == 'storage' else member.url}\n"
        metrics = "" if member.tier == "storage" else f"metrics {member.metrics_url}\n"
        assert member.output == ready + metrics
        assert member.readiness() == 200
        answer = httpx.get(f"http://127.0.0.1:{member.health_port}/healthz")
        assert (answer.status_code, answer.json()["tier"]) == (200, member.tier)


@pytest.mark.parametrize("tier", TIERS)
def test_each_process_tells_prometheus_how_it_is(pair: Fleet, tier: Tier) -> None:
    member = next(member for member in pair.members if member.tier == tier)
    text = httpx.get(member.metrics_url).raise_for_status().text
    names = {"router": "tidings_router_map_version", "storage": "tidings_storage_lease_seconds"}
    assert f"\n{names.get(tier, 'tidings_accounts_database_reachable')} " in text
    assert "\nprocess_resident_memory_bytes " in text


def test_each_process_tells_how_what_it_needs_stands(pair: Fleet) -> None:
    needed = {
        "router": {
            "redis": "reachable",
            "signing keys": "known",
            "storage nodes": "2 in the map",
        },
        "storage": {"redis": "reachable", "lease": "fresh"},
        "accounts": {"redis": "reachable", "database": "reachable"},
    }
    for member in pair.members:
        told = httpx.get(f"http://127.0.0.1:{member.health_port}/readyz").json()["dependencies"]
        told.pop("links", None)
        assert told == needed[member.tier]


def test_a_value_reaches_whoever_connected_to_the_port_that_two_routers_share(pair: Fleet) -> None:
    tenant = pair.sign_up()
    cache = tenant.new_cache()
    for topic in map(str, range(8)):
        publisher, subscriber = (pair.client(tenant, router) for router in pair.routers)
        subscription = subscriber.subscribe(cache, topic)
        publisher.publish(cache, topic, topic)
        assert subscription.texts(1) == [topic]
        subscription.cancel()


@pytest.mark.parametrize("tier", TIERS)
def test_a_wrong_variable_ends_the_command_with_a_sentence(pair: Fleet, tier: Tier) -> None:
    told = next(member for member in pair.members if member.tier == tier).variables
    ended = run(tier, {**told, "TIDINGS_PORT": "none"})
    assert (ended.returncode, ended.stdout) == (7, "")
    assert (
        ended.stderr == "tidings: TIDINGS_PORT must be a port from 0 to 65535, where 0 takes a free one, not 'none'\n"
    )


@pytest.mark.parametrize("tier", TIERS)
def test_a_misspelt_variable_is_named_where_the_right_one_is_missed(tier: Tier) -> None:
    ended = run(tier, {"TIDINGS_REDIS_URI": "redis://127.0.0.1:1"})
    assert ended.returncode == 7
    assert "TIDINGS_REDIS_URI is not a variable of any tier; is TIDINGS_REDIS_URL meant?" in ended.stderr
    assert "TIDINGS_REDIS_URL is not set" in ended.stderr


def test_a_node_whose_id_is_in_use_is_refused(pair: Fleet) -> None:
    taken = pair.nodes[0].variables
    ended = run("storage", {**taken, "TIDINGS_PORT": "0", "TIDINGS_HEALTH_PORT": "0"})
    assert ended.returncode == 8
    assert "TIDINGS_NODE_ID" in ended.stderr
    assert pair.nodes[0].readiness() == 200


def test_a_port_in_use_is_refused(pair: Fleet) -> None:
    taken = {**pair.accounts[0].variables, "TIDINGS_DATA": str(pair.folder / "other")}
    for tier in ("accounts", "router"):
        ended = run(tier, taken)
        assert (ended.returncode, "TIDINGS_PORT" in ended.stderr) == (3, True)


def test_a_process_without_redis_lives_and_is_not_ready(pair: Fleet) -> None:
    alone = {"TIDINGS_REDIS_URL": "redis://127.0.0.1:1"}
    started = [pair.start_member(tier, f"{tier}-alone", **alone) for tier in ("storage", "accounts")]
    for member in started:
        until(lambda member=member: member.readiness() == 503, seconds=30, what=f"an answer of {member.name}")
        assert httpx.get(f"http://127.0.0.1:{member.health_port}/healthz").status_code == 200
        told = httpx.get(f"http://127.0.0.1:{member.health_port}/readyz").json()
        assert (told["state"], told["dependencies"]["redis"]) == ("starting", "unreachable")
        assert not member.is_ready
        assert member.stop(15) == 0
    pair.nodes.pop()
    pair.accounts.pop()


def test_a_node_drains_and_ends_in_time(pair: Fleet) -> None:
    node = pair.add("storage")
    pair.wait_for_nodes(3)
    began = time.monotonic()
    assert node.stop(15) == 0
    assert time.monotonic() - began < 10
    assert node.name not in pair.map().nodes
    pair.nodes.remove(node)


def test_a_router_leaves_the_port_to_the_other(pair: Fleet) -> None:
    leaving, staying = pair.routers
    leaving.terminate()
    refused = 0
    until_end = time.monotonic() + 30
    while leaving.is_running and time.monotonic() < until_end:
        refused += httpx.get(f"{staying.url}/healthz", timeout=5).status_code != 200
    assert (leaving.process.wait(1), refused) == (0, 0)
    assert staying.readiness() == 200
    leaving.start()
    leaving.wait_ready()


def test_a_router_whose_envoy_dies_serves_again(pair: Fleet) -> None:
    router = pair.routers[0]
    before = router.envoy_pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: bool(set(router.envoy_pids) - set(before)), seconds=15, what="a new Envoy")
    assert router.is_running
    tenant = pair.sign_up()
    cache = tenant.new_cache()
    pair.client(tenant, router).publish(cache, "topic", "value")
