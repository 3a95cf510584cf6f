"""How many subscribers a topic has at this moment: routers know, the account service asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from api.names import Topic
from backplane.interface import Unwatch
from backplane.listed import Listed

Count = Callable[[Topic], int]
"""How many subscribers of a topic one router holds."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What routers have answered.

    Attributes:
        subscribers: Of all that answered.
        answered: How many routers did so.
        asked: How many there are.
    """

    subscribers: int
    answered: int
    asked: int

    @property
    def is_complete(self) -> bool:
        """Whether no router is missing."""
        return self.answered >= self.asked


class Audience(Protocol):
    """Asks routers, and answers for one."""

    async def subscribers(self, topic: Topic) -> Heard:
        """Ask all routers how many subscribers a topic has; those that do not answer in half a second are left out.

        Raises:
            Unavailable: nobody can be asked.
        """
        ...

    def answer(self, count: Count) -> Unwatch:
        """Answer for a router from now on."""
        ...


class MemoryAudience:
    """Routers and the account service in one process."""

    def __init__(self) -> None:
        self._counts = Listed[Count]()

    async def subscribers(self, topic: Topic) -> Heard:
        found = [count(topic) for count in self._counts]
        return Heard(sum(found), len(found), len(found))

    def answer(self, count: Count) -> Unwatch:
        return self._counts.add(count)
