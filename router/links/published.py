"""The publishes of a link of which the node has not said yet what came of them."""

import asyncio
from collections.abc import Iterator

from api.errors import DeadlineExceeded
from api.link import Asker, Receipt

_PAUSE_SECONDS = 0.01
"""So much later than told some give up, rather than each by itself."""


class Published:
    """Who asked for them, and until when they wait.

    Nearly all wait equally long, so that they give up in the order in which they came: one timer does for them, where
    one for each took more than a microsecond of each publish.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[float, Asker]] = {}
        self._hasty: dict[int, tuple[asyncio.TimerHandle, Asker]] = {}
        """Those that give up before the last one that came: each has a timer."""
        self._late: dict[int, Asker] = {}
        """Nobody waits for them, but they count as used if the node says that it has them."""
        self._ends = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Published {len(self)}, {len(self._late)} of them late>"

    def __len__(self) -> int:
        return len(self._waiting) + len(self._hasty) + len(self._late)

    def add(self, id: int, asker: Asker, ends: float) -> None:
        """Wait for the node's word on a publish until `ends`, by the loop's clock."""
        if ends < self._ends:
            self._hasty[id] = (self._loop.call_at(ends, self._give_up, id), asker)
            return
        self._ends = ends
        self._waiting[id] = (ends, asker)
        if self._timer is None:
            self._timer = self._loop.call_at(ends, self._look)

    def stored(self, id: int, receipt: Receipt) -> None:
        """Take the node's word that it has one."""
        late = self._late.pop(id, None)
        if late is not None:
            late.stored()
            return
        asker = self._pop(id)
        if asker is not None:
            asker.stored()
            asker.told(receipt)

    def refused(self, id: int, reason: Exception) -> bool:
        """Take the node's word that it does not have one; return whether it is known here."""
        if self._late.pop(id, None) is not None:
            return True
        asker = self._pop(id)
        if asker is not None:
            asker.told(reason)
        return asker is not None

    def askers(self) -> Iterator[tuple[int, Asker]]:
        """Return who asked, the late ones first."""
        yield from self._late.items()
        for id, (_, asker) in (*self._hasty.items(), *self._waiting.items()):
            yield id, asker

    def lost(self, reason: Exception) -> None:
        """Tell all who wait that no word will come. Nothing may be added or told any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for timer, _ in self._hasty.values():
            timer.cancel()
        waiting = [asker for _, asker in (*self._hasty.values(), *self._waiting.values())]
        self._hasty, self._waiting = {}, {}
        for asker in waiting:
            asker.told(reason)

    def _pop(self, id: int) -> Asker | None:
        waiting = self._waiting.pop(id, None)
        if waiting is not None:
            return waiting[1]
        hasty = self._hasty.pop(id, None)
        if hasty is None:
            return None
        hasty[0].cancel()
        return hasty[1]

    def _look(self) -> None:
        """Give up those whose time has come, and come back when it has for the next one."""
        self._timer = None
        now = self._loop.time()
        late: list[int] = []
        for id, (ends, _) in self._waiting.items():
            if ends > now:
                self._timer = self._loop.call_at(max(ends, now + _PAUSE_SECONDS), self._look)
                break
            late.append(id)
        for id in late:
            self._give_up(id)

    def _give_up(self, id: int) -> None:
        asker = self._pop(id)
        if asker is not None:
            self._late[id] = asker
            asker.told(no_answer())


def no_answer() -> DeadlineExceeded:
    """Return what is told where a node is silent."""
    return DeadlineExceeded("the topic's storage node did not answer in time")
