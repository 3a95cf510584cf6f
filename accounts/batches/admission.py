"""Which batches are believed to be of a router: those that are sealed with a key of the fleet.

Whoever can write to the backplane can put a batch there; without the key it is kept aside, and nobody is billed for it.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from api.seals import Seals
from api.usage import digest
from backplane.interface import Delivered, UsageBatch

MOST_KEPT = 1000
MOST_KEPT_BYTES = 16 * 1024 * 1024
ALARM_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Admission:
    """Lets genuine batches in.

    Attributes:
        refused: How many were not.
    """

    def __init__(self, seals: Seals | None, aside: Path) -> None:
        """Without `seals` all are believed; those that are refused are kept in the folder `aside`."""
        self._seals = seals
        self._aside = aside
        self._alarm_at = float("-inf")
        self.refused = 0

    def __repr__(self) -> str:
        return f"<Admission {'of all' if self._seals is None else self._seals}, {self.refused} refused>"

    async def sort(self, delivered: Sequence[Delivered]) -> tuple[list[Delivered], list[Delivered]]:
        """Return the genuine ones, and the others once they are kept aside.

        Those are not to be marked: a router that has a wrong key keeps its batches and sends them again.
        """
        seals = self._seals
        if seals is None:
            return list(delivered), []
        genuine: list[Delivered] = []
        forged: list[Delivered] = []
        for each in delivered:
            (genuine if seals.is_genuine(each.batch.payload, each.batch.seal) else forged).append(each)
        for each in forged:
            self.refused += 1
            self._alarm(each.batch)
            await asyncio.to_thread(self._keep, each.batch)
        return genuine, forged

    def _alarm(self, batch: UsageBatch) -> None:
        if time.monotonic() >= self._alarm_at:
            self._alarm_at = time.monotonic() + ALARM_SECONDS
            _log.error(
                "a batch of usage that calls itself %.200r %s, and is kept in %s; %s were refused so far",
                batch.id,
                "has a wrong seal" if batch.seal else "has no seal",
                self._aside,
                self.refused,
            )

    def _keep(self, batch: UsageBatch) -> None:
        """Write it to a file of its own, once however often it comes, as long as there are few."""
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        sizes = [file.stat().st_size for file in self._aside.iterdir()]
        if len(sizes) >= MOST_KEPT or sum(sizes) + len(batch.payload) > MOST_KEPT_BYTES:
            return
        file = self._aside / f"{digest(batch.payload).hex()}.batch"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_bytes(batch.payload)
