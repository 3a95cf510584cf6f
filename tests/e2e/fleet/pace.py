"""How fast a run was before anything was broken, so that a slow machine is not taken for a slow service."""

import asyncio
import time
from collections.abc import Sequence

from tests.e2e.fleet.ledger import Item, Ledger, Message, decode

TICK_SECONDS = 0.05


class Pace:
    """Watches for how long this process was not scheduled, and reads latencies off the books."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.stalled_seconds = 0.0

    def __repr__(self) -> str:
        return f"<Pace {self.baseline(float('inf')) * 1000:.0f} ms p99, stalled {self.stalled_seconds * 1000:.0f} ms>"

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            self.stalled_seconds = max(self.stalled_seconds, time.monotonic() - before - TICK_SECONDS)

    def baseline(self, until: float) -> float:
        """Return the 99th percentile of publishes that were answered before a moment."""
        return percentile([s.seconds for s in self._ledger.acknowledged() if s.began + s.seconds < until], 0.99)

    def room(self, seconds: float, fault: float) -> float:
        """Return what `seconds` may be on this machine, by what the run was like before the fault."""
        return seconds + 5 * self.baseline(fault) + 2 * self.stalled_seconds

    def longest_publish(self, since: float) -> float:
        """Return how long a publish that began after a moment took at most, whatever its answer."""
        return max((sent.seconds for sent in self._ledger.sent if sent.began >= since), default=0.0)

    def recovery(self, since: float) -> dict[str, float]:
        """Return for each subscriber when it got the first item that was published after a moment, in seconds.

        One that got none is left out.
        """
        began = {sent.message: sent.began for sent in self._ledger.sent}
        first: dict[str, float] = {}
        for seen in self._ledger.seen:
            for event in seen.events:
                if isinstance(event, Item) and event.at >= since and began.get(decode(event.value), 0.0) >= since:
                    first[seen.name] = event.at - since
                    break
        return first

    def latencies(self) -> list[float]:
        """Return the seconds from the start of each publish to its arrival at each subscriber."""
        began: dict[Message, float] = {sent.message: sent.began for sent in self._ledger.sent}
        items = ((item, decode(item.value)) for seen in self._ledger.seen for item in seen.items())
        return [item.at - began[message] for item, message in items if message in began]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all do not exceed; 0 of nothing."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0
