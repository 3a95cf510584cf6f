from dataclasses import replace

import pytest

from backplane.interface import Node, NodeMap, Registry
from tests.unit.clock import Clock

ONE, TWO = Node("node-1"), Node("node-2", address="192.0.2.2:7000")


def live(registry: Registry) -> set[str]:
    return set(registry.map().nodes)


def test_nobody_is_in_the_map_at_first(registry: Registry) -> None:
    assert registry.map() == NodeMap(0, {})


async def test_a_node_is_in_the_map_as_soon_as_it_beats(registry: Registry) -> None:
    await registry.beat(ONE)
    await registry.beat(TWO)
    assert registry.map().nodes == {"node-1": ONE, "node-2": TWO}


async def test_a_node_leaves_the_map_when_its_lease_ends(registry: Registry, clock: Clock) -> None:
    await registry.beat(ONE)
    clock.advance(seconds=2.9)
    assert live(registry) == {"node-1"}
    clock.advance(seconds=0.2)
    assert live(registry) == set()


async def test_a_node_that_renews_its_lease_stays_and_changes_nothing(registry: Registry, clock: Clock) -> None:
    await registry.beat(ONE)
    version = registry.map().version
    for _ in range(10):
        clock.advance(seconds=1.0)
        await registry.beat(ONE)
    assert registry.map() == NodeMap(version, {"node-1": ONE})


async def test_the_lease_of_one_node_does_not_keep_another(registry: Registry, clock: Clock) -> None:
    await registry.beat(ONE)
    clock.advance(seconds=2.0)
    await registry.beat(TWO)
    clock.advance(seconds=2.0)
    assert live(registry) == {"node-2"}


@pytest.mark.parametrize("change", [{"address": "192.0.2.1:1"}, {"weight": 2.0}, {"state": "draining"}])
async def test_what_a_node_says_of_itself_is_a_new_version(registry: Registry, change: dict[str, object]) -> None:
    await registry.beat(ONE)
    before = registry.map().version
    changed = replace(ONE, **change)
    await registry.beat(changed)
    assert registry.map() == NodeMap(before + 1, {"node-1": changed})


async def test_each_change_of_the_map_has_a_higher_version(registry: Registry, clock: Clock) -> None:
    versions = [registry.map().version]
    await registry.beat(ONE)
    versions.append(registry.map().version)
    await registry.beat(TWO)
    versions.append(registry.map().version)
    await registry.leave("node-1")
    versions.append(registry.map().version)
    clock.advance(seconds=4.0)
    versions.append(registry.map().version)
    await registry.beat(TWO)
    versions.append(registry.map().version)
    assert versions == sorted(set(versions))


async def test_a_node_that_leaves_is_gone_at_once_and_may_come_back(registry: Registry) -> None:
    await registry.beat(ONE)
    await registry.leave("node-1")
    assert live(registry) == set()
    await registry.beat(ONE)
    assert live(registry) == {"node-1"}


async def test_leaving_when_not_there_changes_nothing(registry: Registry) -> None:
    await registry.beat(ONE)
    before = registry.map()
    await registry.leave("node-7")
    assert registry.map() == before


async def test_watchers_hear_each_version_once(registry: Registry, clock: Clock) -> None:
    heard: list[NodeMap] = []
    registry.watch_map(heard.append)
    await registry.beat(ONE)
    await registry.beat(ONE)
    await registry.beat(TWO)
    clock.advance(seconds=4.0)
    await registry.beat(TWO)
    assert [(nodes.version, set(nodes.nodes)) for nodes in heard] == [
        (1, {"node-1"}),
        (2, {"node-1", "node-2"}),
        (3, {"node-2"}),
    ]


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
