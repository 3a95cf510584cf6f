"""How far what was billed may differ from what storage nodes stored and edges sent."""

from collections.abc import Mapping

import pytest

from accounts.reconciliation.comparing import Compared, Told, Traffic, compare, told
from backplane.witnesses import Witnessed

NOTHING = Traffic()
QUIET = Told(is_witnessed=True)


def compared(
    billed: int,
    stored: int,
    most: int,
    before: Told = QUIET,
    carried: Mapping[str, Traffic] | None = None,
    vanished: frozenset[str] = frozenset(),
) -> Compared:
    """Compare so many messages of ten bytes of one account, of which a second had `most` at most."""
    now = Told({"acme": Traffic(stored, 10 * stored)}, {"acme": most}, vanished=vanished, is_witnessed=True)
    return compare({"acme": Traffic(billed, 10 * billed)}, NOTHING, now, before, carried or {})


def test_equal_is_equal() -> None:
    assert compared(100, 100, 5) == Compared("equal", [], {})


@pytest.mark.parametrize(("billed", "stored"), [(100, 110), (110, 100)])
def test_what_is_under_way_as_the_hour_ends_is_carried_and_made_up_for(billed: int, stored: int) -> None:
    first = compared(billed, stored, 5)
    assert first.outcome == "within"
    assert first.carried == {"acme": Traffic(billed - stored, 10 * (billed - stored))}
    assert compared(stored, billed, 5, carried=first.carried) == Compared("equal", [], {})


@pytest.mark.parametrize(("billed", "stored"), [(100, 111), (111, 100)])
def test_more_than_that_differs(billed: int, stored: int) -> None:
    found = compared(billed, stored, 5)
    assert found.outcome == "different"
    assert found.carried == {}
    (finding,) = found.findings
    assert (finding.account, finding.difference.messages, finding.bound) == ("acme", billed - stored, 10)


def test_a_leak_that_is_small_in_each_hour_shows_in_time() -> None:
    carried: Mapping[str, Traffic] = {}
    before = Told({}, {"acme": 5}, is_witnessed=True)
    outcomes: list[str] = []
    for _ in range(4):
        found = compared(100, 92, 5, before, carried)
        carried = found.carried
        outcomes.append(found.outcome)
    assert "different" in outcomes


def test_what_is_carried_for_good_is_let_go_when_the_account_is_quiet() -> None:
    """A router that is killed has forgotten the publishes that it was waiting for; they were free of charge."""
    first = compared(95, 100, 5)
    quiet = compare({}, NOTHING, QUIET, Told({}, {"acme": 5}, is_witnessed=True), first.carried)
    assert (first.outcome, quiet.outcome, quiet.carried) == ("within", "within", {})
    assert compare({}, NOTHING, QUIET, QUIET, quiet.carried) == Compared("equal", [], {})


def test_sizes_must_agree_where_numbers_do() -> None:
    now = Told({"acme": Traffic(100, 1_000_000)}, {"acme": 5}, is_witnessed=True)
    assert compare({"acme": Traffic(100, 1_001_000)}, NOTHING, now, QUIET, {}).outcome == "within"
    assert compare({"acme": Traffic(100, 1_001_002)}, NOTHING, now, QUIET, {}).outcome == "different"


def test_a_witness_that_was_killed_may_not_have_told_its_last_seconds() -> None:
    assert compared(140, 100, 5).outcome == "different"
    assert compared(140, 100, 5, vanished=frozenset({"storage node-1"})).outcome == "within"


def test_without_a_witness_nothing_is_said() -> None:
    assert compare({"acme": Traffic(1, 1)}, NOTHING, Told(), QUIET, {}) == Compared("unwitnessed", [], {})


def test_nobody_is_billed_for_more_than_edges_sent() -> None:
    sent = Told(bytes_sent=1000, most_sent=10, is_witnessed=True)
    assert compare({}, Traffic(5, 1020), sent, QUIET, {}).findings == []
    (finding,) = compare({}, Traffic(5, 1021), sent, QUIET, {}).findings
    assert (finding.account, finding.difference.bytes) == ("", 21)


def seen(witness: str, account: str = "", messages: int = 0, *, boot: str = "a", has_left: bool = False) -> Witnessed:
    return Witnessed("storage", witness, boot, 7, account, messages, messages, messages, has_left)


def edge(router: str, sent: int) -> Witnessed:
    return Witnessed("edge", router, "a", 7, "", 0, sent, sent)


def test_nodes_are_added_up_and_those_that_left_without_a_word_are_named() -> None:
    hour = [
        seen("node-1"),
        seen("node-1", "acme", 3),
        seen("node-2", "acme", 4, boot="b"),
        seen("node-3", has_left=True),
    ]
    found = told(hour, [seen("node-1")])
    assert found.stored == {"acme": Traffic(7, 7)}
    assert found.most == {"acme": 7}
    assert found.vanished == {"storage node-2"}
    assert found.is_witnessed
    assert told(hour, [], has_ended=False).vanished == frozenset()


def test_what_edges_sent_is_known_where_each_router_that_delivered_has_one() -> None:
    hour = [edge("router-1", 100), edge("router-2", 50)]
    assert told(hour, hour, {"router-1", "router-2"}).bytes_sent == 150
    assert told(hour, hour, {"router-1", "router-3"}).bytes_sent is None
    assert not told(hour, hour).is_witnessed
