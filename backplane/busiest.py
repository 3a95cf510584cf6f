"""The busiest topics of a cache: routers count publishes, the account service asks all of them and adds up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from backplane.interface import Unwatch
from backplane.listed import Listed

MOST_TOLD = 100
"""So many topics of a cache one router tells of: more than are shown, since others may be busier elsewhere."""


class TopicUse(NamedTuple):
    """The publishes to a topic in the last minute."""

    name: str
    publishes: int
    bytes: int


class BusyTopic(NamedTuple):
    """A topic of a cache in the last minute, and how many subscriptions to it are open now."""

    name: str
    publishes: int
    bytes: int
    subscriptions: int


@dataclass(frozen=True, slots=True)
class HeardTopics:
    """What routers have answered.

    Attributes:
        topics: The busiest first.
        is_complete: Whether no router is missing.
    """

    topics: Sequence[BusyTopic]
    is_complete: bool


class Counting(Protocol):
    """What one router knows of the topics of a cache, by the ids of account and cache."""

    def busiest(self, account: str, cache: str, most: int) -> Sequence[TopicUse]:
        """Return the topics with the most publishes in the last minute, the busiest first."""
        ...

    def audiences(self, account: str, cache: str, names: Sequence[str]) -> Sequence[int]:
        """Return how many subscriptions to each of these topics are open."""
        ...


class Busiest(Protocol):
    """Asks routers, and answers for one."""

    async def topics(self, account: str, cache: str, most: int) -> HeardTopics:
        """Ask all routers for the busiest topics of a cache; those that do not answer in time are left out.

        Raises:
            Unavailable: nobody can be asked.
        """
        ...

    def answer(self, counting: Counting) -> Unwatch:
        """Answer for a router from now on."""
        ...


def added_up(answers: Iterable[Iterable[TopicUse]], most: int) -> Sequence[TopicUse]:
    """Return the busiest topics of what several routers have counted."""
    sums: dict[str, TopicUse] = {}
    for name, publishes, size in (use for answer in answers for use in answer):
        known = sums.get(name)
        sums[name] = TopicUse(name, publishes + (known.publishes if known else 0), size + (known.bytes if known else 0))
    return sorted(sums.values(), key=lambda use: (-use.publishes, use.name))[:most]


def with_subscriptions(uses: Sequence[TopicUse], answers: Iterable[Sequence[int]]) -> Sequence[BusyTopic]:
    """Return topics with the subscriptions of all routers; each answer has a number for each topic."""
    sums = [sum(counts) for counts in zip(*answers, strict=True)] or [0] * len(uses)
    return [BusyTopic(*use, opened) for use, opened in zip(uses, sums, strict=True)]


class MemoryBusiest:
    """Routers and the account service in one process."""

    def __init__(self) -> None:
        self._routers = Listed[Counting]()

    async def topics(self, account: str, cache: str, most: int) -> HeardTopics:
        uses = added_up((router.busiest(account, cache, MOST_TOLD) for router in self._routers), most)
        if not uses:
            return HeardTopics([], is_complete=True)
        names = [use.name for use in uses]
        answers = [router.audiences(account, cache, names) for router in self._routers]
        return HeardTopics(with_subscriptions(uses, answers), is_complete=True)

    def answer(self, counting: Counting) -> Unwatch:
        return self._routers.add(counting)
