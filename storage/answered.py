"""Which publishes of each router were stored of late, so that one whose connection broke can ask.

What it asks for is what is billed: a message that was stored costs, also where nobody heard of it in time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MOST_REMEMBERED = 65_536
"""Publishes of one link; no more than that wait for their answers at a time."""

REMEMBERED_SECONDS = 60.0
"""After a connection is gone."""

STORING_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class Answered:
    """The publishes of one link, over all of its connections."""

    retire: Callable[[], None]
    gone_at: float | None = None
    stored: deque[int] = field(default_factory=lambda: deque[int](maxlen=MOST_REMEMBERED))
    storing: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    """Publishes that are stored whether or not somebody is there to hear of it."""

    async def recall(self, ids: Sequence[int]) -> Sequence[int]:
        """Return which of these publishes were stored, once that is certain."""
        if self.storing:
            await asyncio.wait(self.storing, timeout=STORING_SECONDS)
        return sorted(set(ids).intersection(self.stored))


class Links:
    """The links of all routers, and what each was answered."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._links: dict[str, Answered] = {}

    def __repr__(self) -> str:
        return f"<Links {len(self._links)} remembered>"

    def joined(self, link: str, retire: Callable[[], None]) -> Answered:
        """Return what a link was answered on earlier connections, the last of which does nothing more from now on.

        `retire` does that to this one when there is a later one.
        """
        now = self._now()
        for name, known in list(self._links.items()):
            if known.gone_at is not None and now - known.gone_at > REMEMBERED_SECONDS:
                del self._links[name]
        answered = self._links.get(link)
        if answered is None:
            answered = self._links[link] = Answered(retire)
            return answered
        answered.retire()
        answered.retire, answered.gone_at = retire, None
        return answered

    def left(self, answered: Answered, retire: Callable[[], None]) -> None:
        """Note that a connection is gone, unless a later one has taken its place."""
        if answered.retire == retire:
            answered.gone_at = self._now()

    def close(self) -> None:
        """Give up what is being stored."""
        for answered in self._links.values():
            for task in answered.storing:
                task.cancel()
