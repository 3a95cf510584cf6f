"""Topics as webhooks read them: each is one more subscriber, with a position that outlives its process."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Position(NamedTuple):
    """What a reader has: everything up to this number of this page."""

    page: int
    number: int


class Item(NamedTuple):
    """One published item; its value is a text or bytes.

    Attributes:
        came_at: When it came to this process, or was read from the topic's history, by the loop's clock.
    """

    page: int
    number: int
    value: str | bytes
    publisher_id: str
    came_at: float

    @property
    def after(self) -> Position:
        """The position of a reader who has it."""
        return Position(self.page, self.number)


class Gap(NamedTuple):
    """Items that are retained no more, or a numbering that began anew; see `api.items.Discontinuity`."""

    last: int
    new: int
    page: int

    @property
    def after(self) -> Position:
        """The position of a reader who was told of it."""
        return Position(self.page, max(self.new - 1, 0))


class Reading(Protocol):
    """One subscription."""

    async def next(self) -> Sequence[Item | Gap]:
        """Return what comes next, or nothing now and then while nothing comes.

        Raises:
            TidingsError: it has ended, for this reason.
        """
        ...

    def taken(self) -> None:
        """Count what `next` has returned as delivered."""
        ...

    def newest(self) -> Position:
        """Return the position of a reader who has everything, as far as is known here."""
        ...

    def close(self) -> None:
        """Let go of the topic."""
        ...


class Topics(Protocol):
    """Where topics are. Both methods raise `TidingsError` where the account, the cache or the topic cannot be read."""

    async def newest(self, account_id: str, cache: str, topic: str) -> Position:
        """Return the position of a reader who has everything."""
        ...

    async def read(self, account_id: str, cache: str, topic: str, position: Position) -> Reading:
        """Begin to read what follows a position; a gap right after it comes first."""
        ...


class LateTopics:
    """Topics of a router that is told of later; until then nobody publishes anything."""

    def __init__(self) -> None:
        self._topics: Topics | None = None

    def answer(self, topics: Topics) -> None:
        """Read from there from now on."""
        self._topics = topics

    async def newest(self, account_id: str, cache: str, topic: str) -> Position:
        if self._topics is None:
            return Position(0, 0)
        return await self._topics.newest(account_id, cache, topic)

    async def read(self, account_id: str, cache: str, topic: str, position: Position) -> Reading:
        if self._topics is None:
            return _Silence()
        return await self._topics.read(account_id, cache, topic, position)


class _Silence:
    async def next(self) -> Sequence[Item | Gap]:
        return await asyncio.get_running_loop().create_future()

    def taken(self) -> None:
        """There was nothing to take."""

    def newest(self) -> Position:
        return Position(0, 0)

    def close(self) -> None:
        """There is nothing to let go of."""
