"""Applies batches of usage: each once, with its mark, its bytes and all sums in one transaction."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from accounts.batches import repository, unbilled
from accounts.batches.repository import Sealed
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.gaps import service as gaps
from accounts.usage.service import Usage
from api.errors import Unavailable
from api.usage import Batch, decode, digest

MOST_EARLY_MINUTES = 5
MOST_LATE_MINUTES = 35 * 1440
"""How far from the present a router's clock is believed; what lies outside is counted at the nearer end of this."""

_log = logging.getLogger(__name__)

Boot = tuple[str, str]
"""A router's id and the word for one life of its process."""


class Applied(NamedTuple):
    """What came of some batches.

    Attributes:
        marks: How far each of their boots is applied without a gap; what is up to there need not be sent again.
        new: How many were applied.
        repeated: How many had been applied before, and changed nothing.
    """

    marks: Mapping[Boot, int]
    new: int
    repeated: int


Used = Callable[[Collection[str]], None]


class Batches:
    """The batches of all routers."""

    def __init__(
        self, database: Database, usage: Usage, clocks: Clocks, used: Used, now: Callable[[], float] = time.time
    ) -> None:
        """`used` is told which accounts have used something, once that is committed."""
        self._database = database
        self._usage = usage
        self._clocks = clocks
        self._used = used
        self._now = now

    async def apply(self, payloads: Sequence[bytes]) -> Applied:
        """Count what is in these batches, unless that was done before; in whatever order and however often they come.

        Raises:
            Unreadable: one of them is not a batch; then none is applied.
            Unavailable: the database cannot be reached; all may be applied or none.
        """
        now = int(self._now())
        # One row a key, and the same order in every service, so that two of them wait for each other one way only.
        batches = {sealed[:3]: (sealed, batch) for sealed, batch in (_sealed(payload, now) for payload in payloads)}
        ordered = [batches[key] for key in sorted(batches)]
        if not ordered:
            return Applied({}, 0, 0)
        try:
            async with self._database.transaction() as session:
                boots = await self._see_boots(session, [batch for _, batch in ordered], now)
                # What lies below the mark was applied, also where its row has been deleted for its age.
                unmarked = [sealed for sealed, _ in ordered if sealed.number > boots[sealed.router, sealed.boot]]
                new = await repository.keep_batches(session, unmarked)
                fresh = [(sealed, batch) for sealed, batch in ordered if sealed[:3] in new]
                accounts = [(sealed[:3], {line.account for line in batch.lines}) for sealed, batch in fresh]
                placed = await self._clocks.place(session, accounts)
                counted = (
                    (placed.get(line.account, sealed.minute), batch.router, line)
                    for sealed, batch in fresh
                    for line in batch.lines
                )
                await self._usage.record(session, counted)
                await gaps.record(session, ((sealed.minute, gap) for sealed, batch in fresh for gap in batch.gaps))
                await unbilled.note(session, [batch for _, batch in fresh])
                marks = {boot: await _advance(session, boot, applied_to) for boot, applied_to in boots.items()}
                await self._compare(session, [sealed for sealed, _ in ordered if sealed[:3] not in new])
        except Unavailable:
            self._usage.forget_series()
            raise
        self._used({account for _, named in accounts for account in named})
        return Applied(marks, len(fresh), len(payloads) - len(fresh))

    async def _see_boots(self, session: Transaction, batches: Sequence[Batch], now: int) -> dict[Boot, int]:
        newest: dict[Boot, int] = {}
        last: dict[Boot, int | None] = {}
        for batch in batches:
            boot = (batch.router, batch.boot)
            newest[boot] = max(newest.get(boot, 0), batch.number)
            last[boot] = batch.number if batch.last else last.get(boot)
        return {boot: await repository.see_boot(session, *boot, newest[boot], last[boot], now) for boot in newest}

    async def _compare(self, session: Transaction, repeated: Sequence[Sealed]) -> None:
        kept = await repository.digests(session, repeated)
        for sealed in repeated:
            if kept.get(sealed[:3], sealed.digest) != sealed.digest:
                _log.error("batch %s/%s/%s came again with other content; what came first counts", *sealed[:3])


def _sealed(payload: bytes, now: int) -> tuple[Sealed, Batch]:
    batch = decode(payload)
    minute = believed(batch.minute, now)
    if minute != batch.minute:
        _log.warning("batch %s is from minute %s, which cannot be; it is counted in %s", batch.id, batch.minute, minute)
    sealed = Sealed(batch.router, batch.boot, batch.number, minute, digest(payload), payload, received_at=now)
    return sealed, batch


def believed(minute: int, received_at: int) -> int:
    """Return in which minute usage counts that a router says is from `minute`, when it came in this epoch second."""
    now = received_at // 60
    return min(max(minute, now - MOST_LATE_MINUTES), now + MOST_EARLY_MINUTES)


async def _advance(session: Transaction, boot: Boot, applied_to: int) -> int:
    reached = applied_to
    for number in await repository.numbers_after(session, *boot, applied_to):
        if number != reached + 1:
            break
        reached = number
    if reached != applied_to:
        await repository.set_applied(session, *boot, reached)
    return reached
