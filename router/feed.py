"""One watched topic on a router: its log, and the subscribers that wait for more of it."""

import asyncio
from typing import Protocol

from api.names import Topic
from router.log import Log


class Waiter(Protocol):
    """A subscriber that has everything and waits."""

    def wake(self) -> None:
        """Go on: there is more."""
        ...


class Feed:
    """The log of a topic and who reads it.

    Items that arrive in one turn of the event loop wake the waiting subscribers once, at its end; so under load
    batches form by themselves, and without load an item goes out at once.
    """

    def __init__(self, topic: Topic, node_id: str, max_bytes: int) -> None:
        self.topic = topic
        self.node_id = node_id
        self.log = Log(max_bytes)
        self.subscribers = 0
        self._waiting: set[Waiter] = set()
        self._waking = False

    def __repr__(self) -> str:
        return f"<Feed {self.topic.name!r} from {self.node_id}, {self.subscribers} subscribers, {self.log!r}>"

    def append(self, page: int, number: int, frame: bytes) -> None:
        """Take one item from the storage node."""
        self.log.append(page, number, frame)
        if self._waiting and not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_soon(self._wake)

    def align(self, page: int, last: int) -> None:
        """Take note of where the topic stands; see `Log.align`."""
        self.log.align(page, last)
        self._wake()

    def wait(self, waiter: Waiter) -> None:
        """Wake `waiter` once when there is more."""
        self._waiting.add(waiter)

    def forget(self, waiter: Waiter) -> None:
        """Do not wake `waiter` any more."""
        self._waiting.discard(waiter)

    def trim(self) -> None:
        """Let go of what every subscriber has. Cheap where all of them wait.

        Subscribers that are about to be woken wait as well, but for what is in the log already.
        """
        if self.log.held_bytes and not self._waking and len(self._waiting) == self.subscribers:
            self.log.trim(self.log.end)

    def _wake(self) -> None:
        self._waking = False
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            waiter.wake()
