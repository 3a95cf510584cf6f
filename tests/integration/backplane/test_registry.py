"""What a registry promises, in memory and in Redis. Time is counted in leases."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from backplane.interface import Node, NodeIdTaken, NodeMap, Process, Registry

ONE = Node("node-1", address="192.0.2.1:7000", boot="a")
TWO = Node("node-2", address="192.0.2.2:7000", boot="b")
MOST_LEASES = 10
Wait = Callable[[float], Awaitable[None]]


async def live(registry: Registry) -> set[str]:
    return set((await registry.refresh()).nodes)


async def until_gone(registry: Registry, wait: Wait, id: str, *, others: Sequence[Node] = ()) -> None:
    """Let others beat until a node has left the map; a store that nobody could ask for a while lets leases last."""
    for _ in range(MOST_LEASES * 4):
        if id not in await live(registry):
            return
        for node in others:
            await registry.beat(node)
        await wait(0.25)
    raise AssertionError(f"{id} is still in {registry.map()}")


async def test_it_knows_the_time(registry: Registry) -> None:
    assert abs(registry.epoch_ms() - time.time() * 1000) < 10_000


async def test_nobody_is_in_the_map_at_first(registry: Registry) -> None:
    assert registry.map().nodes == {}


async def test_a_node_is_in_the_map_as_soon_as_it_beats(registry: Registry) -> None:
    await registry.beat(ONE)
    await registry.beat(TWO)
    assert registry.map().nodes == {"node-1": ONE, "node-2": TWO}


async def test_a_node_leaves_the_map_when_its_lease_ends(registry: Registry, wait: Wait) -> None:
    await registry.beat(ONE)
    await wait(0.5)
    assert await live(registry) == {"node-1"}
    await until_gone(registry, wait, "node-1")


async def test_a_node_that_renews_its_lease_stays_and_changes_nothing(registry: Registry, wait: Wait) -> None:
    await registry.beat(ONE)
    version = registry.map().version
    for _ in range(4):
        await wait(0.4)
        await registry.beat(ONE)
    assert registry.map() == NodeMap(version, {"node-1": ONE})


async def test_the_lease_of_one_node_does_not_keep_another(registry: Registry, wait: Wait) -> None:
    await registry.beat(ONE)
    await until_gone(registry, wait, "node-1", others=[TWO])
    assert await live(registry) == {"node-2"}


@pytest.mark.parametrize("change", [{"address": "192.0.2.1:1"}, {"weight": 2.0}, {"state": "draining"}])
async def test_what_a_node_says_of_itself_is_a_new_version(registry: Registry, change: dict[str, object]) -> None:
    await registry.beat(ONE)
    before = registry.map().version
    changed = replace(ONE, **change)
    await registry.beat(changed)
    assert registry.map().nodes == {"node-1": changed}
    assert registry.map().version > before


async def test_another_process_does_not_get_the_id_of_one_that_is_alive(registry: Registry, wait: Wait) -> None:
    stranger = replace(ONE, address="192.0.2.9:7000", boot="z")
    await registry.beat(ONE)
    with pytest.raises(NodeIdTaken):
        await registry.beat(stranger)
    assert registry.map().nodes == {"node-1": ONE}
    await until_gone(registry, wait, "node-1")
    await registry.beat(stranger)
    assert registry.map().nodes == {"node-1": stranger}


async def test_each_change_of_the_map_has_a_higher_version(registry: Registry, wait: Wait) -> None:
    versions = [registry.map().version]
    await registry.beat(ONE)
    versions.append(registry.map().version)
    await registry.beat(TWO)
    versions.append(registry.map().version)
    await registry.leave("node-1")
    versions.append(registry.map().version)
    await until_gone(registry, wait, "node-2")
    versions.append(registry.map().version)
    await registry.beat(TWO)
    versions.append(registry.map().version)
    assert versions == sorted(set(versions))


async def test_a_node_that_leaves_is_gone_at_once_and_may_come_back(registry: Registry) -> None:
    await registry.beat(ONE)
    await registry.leave("node-1")
    assert await live(registry) == set()
    await registry.beat(ONE)
    assert await live(registry) == {"node-1"}


async def test_leaving_when_not_there_changes_nothing(registry: Registry) -> None:
    await registry.beat(ONE)
    before = registry.map()
    await registry.leave("node-7")
    assert registry.map() == before


async def test_watchers_hear_each_version_once(registry: Registry, wait: Wait) -> None:
    heard: list[NodeMap] = []
    registry.watch_map(heard.append)
    await registry.beat(ONE)
    await registry.beat(ONE)
    await until_gone(registry, wait, "node-1", others=[TWO])
    assert [set(nodes.nodes) for nodes in heard] == [{"node-1"}, {"node-1", "node-2"}, {"node-2"}]
    versions = [nodes.version for nodes in heard]
    assert versions == sorted(set(versions))


async def test_a_watch_that_was_ended_hears_no_more(registry: Registry) -> None:
    heard: list[NodeMap] = []
    end = registry.watch_map(heard.append)
    end()
    end()
    await registry.beat(ONE)
    assert heard == []


async def test_a_map_that_was_taken_does_not_change(registry: Registry) -> None:
    await registry.beat(ONE)
    taken = registry.map()
    await registry.beat(TWO)
    assert taken.nodes == {"node-1": ONE}


async def test_processes_that_announced_themselves_are_listed(registry: Registry) -> None:
    await registry.announce(Process("router-1", "router", "192.0.2.3:8080", "1", 1.0, 2.0))
    (found,) = await registry.processes()
    assert (found.id, found.tier, found.clock) == ("router-1", "router", 2.0)
    assert found.said_at > 0
