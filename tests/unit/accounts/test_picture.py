"""What is seen of the installation, and where it is drawn."""

from accounts.installation.observed import Observed, Sight, moves_between
from accounts.installation.picture import BOX_HEIGHT, WIDTH, picture
from backplane.interface import Node, NodeMap, Process, Use
from backplane.memory import MemoryRegistry
from backplane.memory_quotas import MemoryQuotas

NOW = 1_800_000_000.0


def process(tier: str, id: str, age: float = 0.5) -> Process:
    return Process(id, tier, "127.0.0.1:1", "1.0", NOW - 60, NOW - age, NOW - age)  # type: ignore[arg-type]


def sight(processes: list[Process], *nodes: Node) -> Sight:
    return Sight(NOW, processes, NodeMap(3, {node.id: node for node in nodes}), 3.0, Use(), [])


def test_each_router_has_a_line_to_each_node_of_the_map() -> None:
    known = [process("router", "r1"), process("router", "r2"), process("storage", "a"), process("storage", "b")]
    drawn = picture(sight([*known, process("accounts", "x")], Node("a"), Node("b")))
    assert sorted(line.kind for line in drawn.lines) == ["link"] * 4 + ["notices"] * 2
    assert {box.health for box in drawn.boxes} == {"good"}
    assert all(0 <= box.x < WIDTH and 0 <= box.y <= drawn.height - BOX_HEIGHT for box in drawn.boxes)
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)


def test_a_box_says_how_its_lease_stands() -> None:
    late, gone = process("storage", "late", age=2.9), process("storage", "gone")
    drawn = picture(
        sight(
            [late, gone, process("storage", "drains")], Node("late"), Node("drains", state="draining"), Node("silent")
        )
    )
    told = {box.id: (box.health, box.state) for box in drawn.boxes}
    assert told == {
        "late": ("signal", "heard 2.9 s ago"),
        "gone": ("bad", "not in the map, heard 0.5 s ago"),
        "drains": ("signal", "draining, heard 0.5 s ago"),
        "silent": ("signal", "in the map, not heard of"),
    }


def test_a_change_of_the_map_is_told_in_words() -> None:
    a, b = Node("a", boot="1"), Node("b", boot="1")
    drains = Node("b", boot="1", state="draining")
    before = {"a": a, "b": b}
    assert [move[:2] for move in moves_between(before, {"a": a})] == [("b", "left")]
    assert [move[:2] for move in moves_between(before, {**before, "c": Node("c")})] == [("c", "joined")]
    assert [move[:2] for move in moves_between(before, {"a": a, "b": drains})] == [("b", "drains")]
    assert [move[:2] for move in moves_between({"b": drains}, {"b": b})] == [("b", "is live again")]
    assert [move[:2] for move in moves_between(before, {"a": Node("a", boot="2"), "b": b})] == [("a", "started anew")]
    assert moves_between(before, before) == []


async def test_moves_have_the_share_of_the_topics_that_moved_and_caches_are_not_counted_twice() -> None:
    registry, quotas = MemoryRegistry(lease_seconds=float("inf")), MemoryQuotas()
    observed = Observed(registry, quotas)
    await registry.beat(Node("a"))
    await registry.beat(Node("b", weight=3.0))
    await registry.leave("a")
    seen = await observed.look()
    assert [(move.node, move.what, move.share) for move in seen.moves] == [("a", "left", 0.25), ("b", "joined", 0.75)]
    assert seen.map.version == 3
