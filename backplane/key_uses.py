"""Notes when API keys are used, and tells the store now and then; never once for each request."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable

from api.errors import Unavailable
from backplane.interface import KeyUse, KeyUses

NOTE_SECONDS = 30.0
"""How exact the time of a last use is, where a key is used all the time."""

REPORT_SECONDS = 10.0
MOST_KEYS = 20_000

Used = tuple[str, str, str]
"""Account id, key id, and the address from which the key is used."""


class KeyUseNotes:
    """The uses that were not told yet: one for each key, of a bounded number of keys."""

    def __init__(self, store: KeyUses) -> None:
        self._store = store
        self._noted: dict[tuple[str, str], KeyUse] = {}

    def __repr__(self) -> str:
        return f"<KeyUseNotes {len(self._noted)} to tell>"

    def note(self, used: Used, now: float) -> None:
        """Take note of a use at `now`, in epoch seconds."""
        account_id, key_id, address = used
        if len(self._noted) < MOST_KEYS or (account_id, key_id) in self._noted:
            self._noted[account_id, key_id] = KeyUse(account_id, key_id, int(now), address)

    async def report(self) -> None:
        """Tell what was noted; where the store cannot be reached, it is told the next time.

        Raises:
            Unavailable: the store cannot be reached.
        """
        noted, self._noted = self._noted, {}
        try:
            await self._store.report(list(noted.values()))
        except BaseException:
            self._noted = noted | self._noted
            raise

    async def run(
        self, streams: Callable[[], Iterable[Used]] = lambda: (), now: Callable[[], float] = time.time
    ) -> None:
        """Report again and again, until cancelled. A key whose `streams` are open is in use."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            for used in streams():
                self.note(used, now())
            if self._noted:
                with contextlib.suppress(Unavailable):  # the store has told the log
                    await self.report()
