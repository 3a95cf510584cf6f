"""How far what was billed in an hour may differ from what others have counted. Values in, values out.

Routers and storage nodes end an hour each by its own clock, and what is under way then counts on one side before the
border and on the other after it. So a difference is carried into the next hour, which makes up for it. What is carried
for good, such as a router's publishes that were under way when it was killed, is let go when the account is quiet.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from backplane.witnesses import Witnessed

Outcome = Literal["equal", "within", "different", "unwitnessed", "running"]
"""Nothing differs; no more than may; more than may; no witness was there to compare with; or the hour has not ended."""

BORDER_SECONDS = 2
"""How many seconds of traffic may count on the other side of an hour's end: clocks differ, and answers take time."""

LOST_SECONDS = 10
"""What a witness has counted and not told when it is killed, and its host with it."""

LARGEST_BYTES = 4096 * 1024
BYTES_PER_MESSAGE = 1000
"""Sizes may differ by one part in so many, beside what belongs to messages that differ."""


class Traffic(NamedTuple):
    """Messages and the bytes of their values."""

    messages: int = 0
    bytes: int = 0

    def plus(self, other: "Traffic") -> "Traffic":
        """Return both together."""
        return Traffic(self.messages + other.messages, self.bytes + other.bytes)

    def minus(self, other: "Traffic") -> "Traffic":
        """Return how much more this is."""
        return Traffic(self.messages - other.messages, self.bytes - other.bytes)


@dataclass(frozen=True, slots=True)
class Told:
    """What witnesses say of one hour.

    Attributes:
        stored: By account.
        most: Messages in one second, by account.
        bytes_sent: By edges to clients; None where not all were asked.
        most_sent: Bytes between two looks, of all edges.
        vanished: Witnesses that ended without a word in it; the last that they counted is missing.
        is_witnessed: Whether any storage node said something.
    """

    stored: Mapping[str, Traffic] = field(default_factory=dict[str, Traffic])
    most: Mapping[str, int] = field(default_factory=dict[str, int])
    bytes_sent: int | None = None
    most_sent: int = 0
    vanished: frozenset[str] = frozenset()
    is_witnessed: bool = False


class Difference(NamedTuple):
    """What was billed of an account beyond what was stored, what was carried into the hour included, and its bound."""

    account: str
    billed: Traffic
    stored: Traffic
    difference: Traffic
    bound: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        findings: The accounts that differ by more than they may, and the edges where they do, as account "".
        carried: By account, into the next hour.
    """

    outcome: Outcome
    findings: list[Difference]
    carried: Mapping[str, Traffic]


def told(
    hour: Iterable[Witnessed], next_hour: Iterable[Witnessed], routers: Collection[str] = (), *, has_ended: bool = True
) -> Told:
    """Return what witnesses say of an hour.

    Args:
        hour: What they counted in it.
        next_hour: And in the one after it, from which is seen who was there no more.
        routers: Those that delivered something. What edges sent is known where each of them has one.
        has_ended: Whether the next hour has begun, so that whoever is not in it has vanished.
    """
    stored: dict[str, Traffic] = {}
    most: dict[str, int] = {}
    sent: int | None = None
    most_sent = 0
    there, left, edges = set[tuple[str, ...]](), set[tuple[str, ...]](), set[str]()
    went_on = {each.key[:3] for each in next_hour}
    for each in hour:
        there.add(each.key[:3])
        if each.has_left:
            left.add(each.key[:3])
        if each.kind == "edge":
            edges.add(each.witness)
            sent = (sent or 0) + each.bytes
            most_sent += each.most
        elif each.account:
            stored[each.account] = stored.get(each.account, Traffic()).plus(Traffic(each.messages, each.bytes))
            most[each.account] = most.get(each.account, 0) + each.most
    gone = there - left - went_on if has_ended else set[tuple[str, ...]]()
    vanished = frozenset(f"{kind} {witness}" for kind, witness, _ in gone)
    if not edges.issuperset(routers):
        sent = None
    is_witnessed = any(kind == "storage" for kind, *_ in there)
    return Told(stored, most, sent, most_sent, vanished, is_witnessed)


def compare(
    billed: Mapping[str, Traffic], delivered: Traffic, now: Told, before: Told, carried: Mapping[str, Traffic]
) -> Compared:
    """Compare an hour.

    Args:
        billed: The publishes in the batches of routers, by account.
        delivered: The deliveries to clients of all accounts.
        now: What witnesses say of the hour.
        before: What they say of the hour before.
        carried: What the hour before has left.
    """
    if not now.is_witnessed:
        return Compared("unwitnessed", [], {})
    findings: list[Difference] = []
    onward: dict[str, Traffic] = {}
    differs = False
    lost = bool(now.vanished or before.vanished)
    for account in sorted({*billed, *now.stored, *carried}):
        mine, theirs = billed.get(account, Traffic()), now.stored.get(account, Traffic())
        difference = mine.minus(theirs).plus(carried.get(account, Traffic()))
        if difference == Traffic():
            continue
        differs = True
        here, there = now.most.get(account, 0), before.most.get(account, 0)
        bound = BORDER_SECONDS * (here + there) + (LOST_SECONDS * max(here, there) if lost else 0)
        if abs(difference.messages) > bound or abs(difference.bytes) > _most_bytes(difference, mine):
            findings.append(Difference(account, mine, theirs, difference, bound))
        elif here:
            onward[account] = difference
    findings += _sent(delivered, now)
    return Compared("different" if findings else "within" if differs else "equal", findings, onward)


def _most_bytes(difference: Traffic, billed: Traffic) -> int:
    return abs(difference.messages) * LARGEST_BYTES + billed.bytes // BYTES_PER_MESSAGE


def _sent(delivered: Traffic, now: Told) -> Iterable[Difference]:
    """Yield a finding where more was billed as delivered than edges sent to anybody."""
    if now.bytes_sent is None or any(name.startswith("edge ") for name in now.vanished):
        return
    missing = delivered.bytes - now.bytes_sent
    if missing > BORDER_SECONDS * now.most_sent:
        sent = Traffic(0, now.bytes_sent)
        yield Difference("", delivered, sent, Traffic(0, missing), BORDER_SECONDS * now.most_sent)
