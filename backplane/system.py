"""What the account service tells on the topics of `api.system`: it asks routers who listens, and tells those."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from api.system import SystemTopic
from backplane.interface import Unwatch
from backplane.listed import Listed


class Interest(NamedTuple):
    """Somebody listens to a topic of an account, in whichever of its caches."""

    account: str
    topic: SystemTopic


class SystemItem(NamedTuple):
    """What is told on a topic of an account: one JSON object."""

    account: str
    topic: SystemTopic
    body: str


class Listening(Protocol):
    """One router."""

    def interests(self) -> Sequence[Interest]:
        """Return what its subscribers listen to."""
        ...

    def tell(self, items: Sequence[SystemItem]) -> None:
        """Tell its subscribers. Those who listen to something else hear nothing."""
        ...


class SystemTopics(Protocol):
    """Asks and tells routers, and answers for one."""

    async def interests(self) -> set[Interest]:
        """Return what subscribers of all routers listen to; routers that do not answer in time are left out.

        Raises:
            Unavailable: nobody can be asked.
        """
        ...

    async def tell(self, items: Sequence[SystemItem]) -> None:
        """Tell all routers; those that cannot be reached at this moment are not told later.

        Raises:
            Unavailable: nobody can be told.
        """
        ...

    def answer(self, listening: Listening) -> Unwatch:
        """Answer for a router from now on."""
        ...


class MemorySystemTopics:
    """Routers and the account service in one process."""

    def __init__(self) -> None:
        self._routers = Listed[Listening]()

    async def interests(self) -> set[Interest]:
        return {interest for router in self._routers for interest in router.interests()}

    async def tell(self, items: Sequence[SystemItem]) -> None:
        for router in self._routers:
            router.tell(items)

    def answer(self, listening: Listening) -> Unwatch:
        return self._routers.add(listening)
