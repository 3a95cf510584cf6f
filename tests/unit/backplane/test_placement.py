import random
from collections import Counter

import pytest

from api.errors import Unavailable
from api.names import Topic
from backplane.interface import Node, NodeMap
from backplane.placement import FEW_NODES, Placement, highest_of_few
from backplane.scores import Scores

TOPICS = [Topic(f"account {number % 97}", f"cache {number % 7}", f"topic {number}") for number in range(100_000)]


def placement(*nodes: Node, version: int = 1) -> Placement:
    return Placement(NodeMap(version, {node.id: node for node in nodes}))


def numbered(count: int) -> list[Node]:
    return [Node(f"node-{number}") for number in range(1, count + 1)]


def owners(by: Placement) -> dict[Topic, str]:
    return {topic: by.computed_owner(topic).id for topic in TOPICS}


def test_owners_are_what_they_have_always_been() -> None:
    by = placement(*numbered(10))
    some = [TOPICS[0], TOPICS[1], TOPICS[99_999], Topic("", "", ""), Topic("acme", "caché", "🦀")]
    assert [by.owner(topic).id for topic in some] == ["node-1", "node-8", "node-9", "node-1", "node-6"]


def test_every_router_finds_the_same_owner_whatever_the_order_of_its_map() -> None:
    one, other = placement(*numbered(10)), placement(*reversed(numbered(10)), version=99)
    assert all(one.owner(topic).id == other.computed_owner(topic).id for topic in TOPICS[:2000])


@pytest.mark.parametrize("count", range(1, FEW_NODES + 1))
def test_few_nodes_are_scored_as_many_are(count: int) -> None:
    numbers = random.Random(count)
    seeds = [numbers.getrandbits(64) for _ in range(count)]
    arrays = Scores(seeds, [1.0] * count)
    for topic in (0, 2**64 - 1, *seeds, *(numbers.getrandbits(64) for _ in range(2000))):
        assert highest_of_few(seeds, topic) == arrays.highest(topic)


def test_each_of_ten_nodes_owns_a_tenth() -> None:
    shares = Counter(owners(placement(*numbered(10))).values())
    assert len(shares) == 10
    assert all(9_500 <= share <= 10_500 for share in shares.values())


def test_a_node_that_leaves_ten_moves_its_own_topics_and_no_others() -> None:
    nodes = numbered(10)
    before, after = owners(placement(*nodes)), owners(placement(*nodes[1:]))
    changed = [topic for topic in TOPICS if before[topic] != after[topic]]
    assert 8_000 <= len(changed) <= 12_000
    assert {before[topic] for topic in changed} == {"node-1"}


def test_a_node_that_joins_nine_takes_a_tenth_and_nothing_else_moves() -> None:
    nodes = numbered(10)
    before, after = owners(placement(*nodes[:9])), owners(placement(*nodes))
    changed = [topic for topic in TOPICS if before[topic] != after[topic]]
    assert 8_000 <= len(changed) <= 12_000
    assert {after[topic] for topic in changed} == {"node-10"}


def test_a_node_of_twice_the_weight_owns_twice_as_much() -> None:
    shares = Counter(owners(placement(Node("light"), Node("heavy", weight=2.0), Node("other"))).values())
    assert 48_000 <= shares["heavy"] <= 52_000
    assert 24_000 <= shares["light"] <= 26_000


def test_a_change_of_one_weight_moves_topics_to_that_node_only() -> None:
    before = owners(placement(*numbered(5)))
    after = owners(placement(*numbered(4), Node("node-5", weight=2.0)))
    assert {after[topic] for topic in TOPICS if before[topic] != after[topic]} == {"node-5"}


def test_equal_weights_are_as_good_as_none() -> None:
    assert owners(placement(*numbered(5))) == owners(placement(*(Node(node.id, weight=3.0) for node in numbered(5))))


def test_a_draining_node_owns_nothing_while_there_is_another() -> None:
    draining = Node("node-1", state="draining")
    assert set(owners(placement(draining, *numbered(3)[1:])).values()) == {"node-2", "node-3"}
    assert placement(draining).owner(TOPICS[0]) == draining


def test_without_a_node_a_topic_has_no_owner() -> None:
    with pytest.raises(Unavailable, match="no storage node is running"):
        placement().owner(TOPICS[0])


def test_names_do_not_run_into_each_other() -> None:
    by = placement(*numbered(1000))
    alike = [
        ("a", "bc", "d"),
        ("ab", "c", "d"),
        ("a", "b", "cd"),
        ("a", "bcd", ""),
        ("", "abc", "d"),
        ("1:a", "bc", "d"),
    ]
    assert len({by.owner(Topic(*names)).id for names in alike}) == len(alike)


def test_an_owner_is_remembered_and_stays_the_same() -> None:
    by = placement(*numbered(10))
    assert [by.owner(topic) for topic in TOPICS[:1000]] == [by.owner(topic) for topic in TOPICS[:1000]]
    assert all(by.owner(topic) == by.computed_owner(topic) for topic in TOPICS[:1000])


def test_the_topics_that_move_are_those_of_the_node_that_left() -> None:
    before, after = placement(*numbered(10)), placement(*numbered(9), version=2)
    known = {topic: before.owner(topic) for topic in TOPICS[:1000]}
    owners_now = {topic: after.owner(topic) for topic in known}
    gone = {topic: node for topic, node in owners_now.items() if node.id != known[topic].id}
    assert set(gone) == {topic for topic, node in known.items() if node.id == "node-10"}
    assert all(after.owner(topic) == node for topic, node in gone.items())
