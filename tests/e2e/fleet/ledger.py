"""What publishers sent and what subscribers saw, each in its own words; `findings.py` compares the two.

Every published value names itself, so that a received one can be traced to the publish it came from.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

ACKNOWLEDGED = "OK"
_SEPARATOR = "|"


class Corrupt(Exception):
    """A received value is not one that a publisher made."""


class Message(NamedTuple):
    """Who published what; `n` counts a publisher's messages from 1."""

    tenant: str
    topic: str
    publisher: str
    n: int


def encode(message: Message, filler: str = "") -> str:
    """Return the value that carries `message`, closed by a digest of all that is before it."""
    told = _SEPARATOR.join((*message[:3], str(message.n), filler))
    return f"{told}{_SEPARATOR}{hashlib.sha256(told.encode()).hexdigest()}"


def decode(value: str) -> Message:
    """Return the message that a value carries.

    Raises:
        Corrupt: the value was changed, or is another's.
    """
    told, _, digest = value.rpartition(_SEPARATOR)
    words = told.split(_SEPARATOR)
    if len(words) != 5 or hashlib.sha256(told.encode()).hexdigest() != digest:
        raise Corrupt(value[:200])
    return Message(words[0], words[1], words[2], int(words[3]))


@dataclass(frozen=True, slots=True)
class Sent:
    """One publish and its answer: `OK`, or the name of the status it failed with. Times are monotonic seconds."""

    message: Message
    answer: str
    began: float
    seconds: float

    @property
    def is_acknowledged(self) -> bool:
        return self.answer == ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Item:
    """A received item; page 0 where the client does not tell."""

    page: int
    number: int
    value: str
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Gap:
    """A received Discontinuity."""

    last: int
    new: int
    page: int
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a stream, after which the subscriber resumes."""

    status: str
    details: str
    at: float = field(default_factory=time.monotonic)


Event: TypeAlias = Item | Gap | Ended


@dataclass(slots=True)
class Seen:
    """All that one subscriber saw of a topic, in order.

    Attributes:
        since: When its first stream was open. What was acknowledged of a publish that began later is promised to it.
        from_start: It listened before anything was published, so that it is to see number 1 first.
    """

    name: str
    topic: str
    since: float = float("inf")
    from_start: bool = True
    events: list[Event] = field(default_factory=list[Event])

    def items(self) -> list[Item]:
        return [event for event in self.events if isinstance(event, Item)]

    def gaps(self) -> list[Gap]:
        return [event for event in self.events if isinstance(event, Gap)]

    def ends(self) -> list[Ended]:
        return [event for event in self.events if isinstance(event, Ended)]


class Ledger:
    """The books of one run: `attempted` before a publish, `sent` after its answer, `seen` by each subscriber."""

    def __init__(self) -> None:
        self.attempted: set[Message] = set()
        self.sent: list[Sent] = []
        self.seen: list[Seen] = []

    def __repr__(self) -> str:
        received = sum(len(seen.items()) for seen in self.seen)
        return f"<Ledger {len(self.acknowledged())} of {len(self.sent)} acknowledged, {received} received>"

    def acknowledged(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.is_acknowledged]

    def failed(self) -> list[Sent]:
        return [sent for sent in self.sent if not sent.is_acknowledged]

    def listener(self, name: str, topic: str) -> Seen:
        """Open the page of one subscriber."""
        seen = Seen(name, topic)
        self.seen.append(seen)
        return seen

    def by_topic(self) -> dict[str, list[Seen]]:
        """Return the subscribers of each topic."""
        topics: dict[str, list[Seen]] = {}
        for seen in self.seen:
            topics.setdefault(seen.topic, []).append(seen)
        return topics


def messages(items: Iterable[Item]) -> list[Message]:
    """Return what items carry, leaving out what is corrupt."""
    found: list[Message] = []
    for item in items:
        try:
            found.append(decode(item.value))
        except Corrupt:
            continue
    return found
