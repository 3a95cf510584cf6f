"""Discontinuities in the ledger of a router: one row a minute, topic and cause, and never too many."""

import pytest

from api.gaps import Cause, GapLine
from api.items import item_frame
from api.link import Link
from api.names import Topic
from api.usage import LARGEST_COUNT
from backplane.interface import Node as NodeEntry
from backplane.memory import MemoryRegistry
from router.counts import Counts, Gap
from router.feed import Feed
from router.gaps import MOST_OF_ACCOUNT, MOST_TOPICS, Gaps
from router.meters.meters import Meters
from router.meters.window import read
from router.owners import FATE_SECONDS, MOST_FATES, Owners
from router.taps import Taps
from tests.unit.router.parts import world

TOPIC = Topic("acme", "acme-cache", "topic")


class Clock:
    def __init__(self) -> None:
        self.seconds = 60_000.0

    def __call__(self) -> float:
        return self.seconds


class Ledger:
    """The gaps of a router whose window can be read."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.meters = Meters.in_memory()
        self.gaps = Gaps(Counts(), Taps(), self.meters, self.clock)

    @property
    def lines(self) -> list[GapLine]:
        windows = [*self.meters.ended, self.meters.window]
        return [line for window in windows for line in read(bytearray(window.memory)).gaps]


def test_gaps_of_a_topic_and_cause_are_one_row_from_the_lowest_number_to_the_highest() -> None:
    ledger = Ledger()
    ledger.gaps.told(TOPIC, Gap("slow_reader", 40, 57), 2)
    ledger.gaps.told(TOPIC, Gap("slow_reader", 12, 50))
    ledger.gaps.told(TOPIC, Gap("retention", 0, 3))
    assert ledger.lines == [
        GapLine("acme", "acme-cache", "topic", "slow_reader", 3, 12, 57),
        GapLine("acme", "acme-cache", "topic", "retention", 1, 0, 3),
    ]
    assert ledger.gaps.counts.gaps == {"slow_reader": 3, "retention": 1}


def test_what_nobody_is_told_is_no_gap() -> None:
    ledger = Ledger()
    ledger.gaps.told(TOPIC, Gap("node_loss", 40, 1), 0)
    assert ledger.lines == []
    assert not ledger.gaps.counts.gaps


def test_the_topics_of_an_account_that_are_too_many_in_a_minute_are_counted_together() -> None:
    ledger = Ledger()
    topics = [TOPIC._replace(name=f"topic {number}") for number in range(MOST_OF_ACCOUNT + 3)]
    for topic in (*topics, *topics):
        ledger.gaps.told(topic, Gap("node_loss", 1, 1), 2)
    ledger.gaps.told(TOPIC._replace(account="bolt"), Gap("node_loss", 1, 1))
    *apart, others, bolts = sorted(ledger.lines, key=lambda line: (line.account, not line.topic))
    assert len(apart) == MOST_OF_ACCOUNT
    assert {line.streams for line in apart} == {4}
    assert others == GapLine("acme", "", "", "node_loss", 12)
    assert bolts.topic == "topic"

    ledger.clock.seconds += 60
    ledger.gaps.told(topics[-1], Gap("node_loss", 1, 1))
    assert topics[-1].name in {line.topic for line in ledger.lines}


def test_all_accounts_together_have_a_bound_as_well() -> None:
    ledger = Ledger()
    for number in range(MOST_TOPICS + 20):
        ledger.gaps.told(TOPIC._replace(account=f"account {number}"), Gap("drain", 1, 1))
    lines = ledger.lines
    assert sum(1 for line in lines if line.topic) == MOST_TOPICS
    assert sum(line.streams for line in lines) == MOST_TOPICS + 20


def test_a_number_that_no_batch_can_hold_is_cut() -> None:
    """A client may say that it has any number, and a batch that is not believed would never be applied."""
    ledger = Ledger()
    ledger.gaps.told(TOPIC, Gap("retention", 2**64 - 1, 7))
    assert ledger.lines == [GapLine(*TOPIC[:3], "retention", 1, LARGEST_COUNT - 1, 7)]


async def test_a_topic_that_begins_anew_tells_what_became_of_its_node() -> None:
    acme = await world(nodes=3)
    stay, leaves, dies = acme.registry.map().nodes
    owners = acme.router.owners
    drained = NodeEntry(leaves, state="draining")
    await acme.registry.beat(drained)
    assert owners.fate(leaves) == "drain"
    await acme.registry.leave(leaves)
    await acme.registry.leave(dies)
    assert [owners.fate(node) for node in (stay, leaves, dies)] == [None, "drain", "node_loss"]
    await acme.registry.beat(NodeEntry(leaves))
    await acme.registry.beat(NodeEntry(leaves, boot="another"))
    assert owners.fate(leaves) == "node_loss"

    causes: dict[str, Cause] = {dies: "node_loss", leaves: "node_loss", stay: "page_reset"}
    for node, cause in causes.items():
        feed = Feed(TOPIC, node, 1 << 20, acme.router.feeds.gaps, owners)
        feed.subscribers = 1
        feed.align(7, 41)
        feed.move(stay)
        before = acme.router.counts.gaps[cause]
        feed.append(8, 1, item_frame(1, 8, b"\n\x01x", b""))
        assert acme.router.counts.gaps[cause] == before + 1


async def test_an_owner_that_refuses_a_topic_at_first_does_not_hide_what_became_of_the_one_before() -> None:
    acme = await world(nodes=3)
    gaps = Gaps.unread()
    await acme.registry.leave("node-1")
    feed = Feed(TOPIC, "node-1", 1 << 20, gaps, acme.router.owners)
    feed.subscribers = 1
    feed.align(7, 41)
    feed.move("node-2")
    feed.move("node-2")  # it had an older map, and is asked again
    feed.move("node-3")  # another map, before it answers
    feed.append(8, 1, item_frame(1, 8, b"\n\x01x", b""))
    feed.align(8, 1)
    assert gaps.counts.gaps == {"node_loss": 1}
    feed.append(9, 1, item_frame(1, 9, b"\n\x01x", b""))  # on a node that nothing befell
    assert gaps.counts.gaps == {"node_loss": 1, "page_reset": 1}


@pytest.mark.parametrize(("said", "cause"), [(True, "drain"), (False, "node_loss")])
async def test_who_comes_with_the_numbering_of_a_node_that_left_is_told_what_became_of_it(
    *, said: bool, cause: Cause
) -> None:
    acme = await world(nodes=3)
    leaves = acme.router.owners.node_id(acme.topic())
    if said:
        await acme.registry.beat(NodeEntry(leaves, state="draining"))
    await acme.registry.leave(leaves)
    await acme.open(number=7, page=1)
    assert acme.router.counts.gaps == {cause: 1}

    stays = next(name for name in map(str, range(100)) if acme.router.owners.lost(acme.topic(name)) is None)
    await acme.open(stays, number=7, page=1)
    assert acme.router.counts.gaps == {cause: 1, "page_reset": 1}


async def test_what_became_of_a_node_is_no_reason_for_ever() -> None:
    def nowhere(_: NodeEntry) -> Link:
        raise AssertionError("nobody asks for a link")

    registry, time = MemoryRegistry(lease_seconds=float("inf")), [0.0]
    owners = Owners(registry, nowhere, lambda: None, lambda: time[0])
    await registry.beat(NodeEntry("node-1"))
    await registry.beat(NodeEntry("node-1", state="draining"))
    time[0] = FATE_SECONDS - 1
    await registry.beat(NodeEntry("node-2"))  # another map, in which it still drains
    await registry.leave("node-1")
    time[0] += FATE_SECONDS - 1
    assert owners.fate("node-1") == "drain"
    time[0] += 1
    assert owners.fate("node-1") is None
    owners.close()


async def test_the_fate_of_so_many_nodes_is_remembered() -> None:
    def nowhere(_: NodeEntry) -> Link:
        raise AssertionError("nobody asks for a link")

    registry = MemoryRegistry(lease_seconds=float("inf"))
    owners = Owners(registry, nowhere, lambda: None)
    for number in range(MOST_FATES + 1):
        await registry.beat(NodeEntry(f"node-{number}"))
        await registry.leave(f"node-{number}")
    assert owners.fate("node-0") is None
    assert owners.fate("node-1") == "node_loss"
    owners.close()
