"""Who counts the same traffic as the meters of routers, and by other means: storage nodes number what is published.

What witnesses say is compared with what is billed. One process keeps it in memory, a fleet in Redis; the same test
suite runs on both.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from api.errors import Unavailable

Kind = Literal["storage", "edge"]

HOUR_SECONDS = 3600
WINDOW_SECONDS = 1.0
REPEAT_SECONDS = 60.0
"""After so long all is told again, also what has not changed: the store may have lost it."""

_log = logging.getLogger(__name__)


class Witnessed(NamedTuple):
    """What one life of a witness has counted in an hour so far. The numbers only grow, so that the largest are right.

    Attributes:
        witness: The id of the storage node, or of the router whose edge it is.
        boot: Tells this life of its process from others.
        hour: Of the epoch.
        account: Empty for the witness itself, which says so in each hour in which it is there.
        bytes: Of the values; of an edge, all that it sent to clients.
        most: Messages in one second, or an edge's bytes between two looks at it.
        has_left: Said of the witness itself when it ended in good order: nothing is missing after that.
    """

    kind: Kind
    witness: str
    boot: str
    hour: int
    account: str = ""
    messages: int = 0
    bytes: int = 0
    most: int = 0
    has_left: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others of the same hour."""
        return (self.kind, self.witness, self.boot, self.account)

    def with_later(self, other: "Witnessed") -> "Witnessed":
        """Return what is known when this and `other` were told of the same, in whatever order."""
        largest = map(max, self[5:8], other[5:8])
        return self._replace(**dict(zip(self._fields[5:8], largest, strict=True)))._replace(
            has_left=self.has_left or other.has_left
        )


class Witnesses(Protocol):
    """Carries what witnesses have counted to the account service."""

    async def tell(self, counted: Sequence[Witnessed]) -> str:
        """Tell how far a witness has counted. Told again, or in another order, it changes nothing.

        Returns a word that changes when the store has lost what it held.

        Raises:
            Unavailable: the store cannot be reached; some may have been told.
        """
        ...

    async def heard(self, hour: int) -> Sequence[Witnessed]:
        """Return what is known of an hour of the epoch; it is forgotten some days later.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...


class MemoryWitnesses:
    """What was told, of the newest hours."""

    def __init__(self, hours: int = 3) -> None:
        """Keep as many hours as said."""
        self._hours = hours
        self._told: dict[int, dict[tuple[str, ...], Witnessed]] = {}

    async def tell(self, counted: Sequence[Witnessed]) -> str:
        for each in counted:
            hour = self._told.setdefault(each.hour, {})
            known = hour.get(each.key)
            hour[each.key] = each if known is None else known.with_later(each)
        for old in sorted(self._told)[: -self._hours]:
            del self._told[old]
        return "memory"

    async def heard(self, hour: int) -> Sequence[Witnessed]:
        return list(self._told.get(hour, {}).values())


class Witness:
    """Tells what one witness counts, from `run` to `close`."""

    def __init__(
        self,
        witnesses: Witnesses,
        kind: Kind,
        witness: str,
        take: Callable[[], Mapping[str, Sequence[int]]],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`take` returns messages and bytes by account that were counted since it was called last."""
        self._witnesses = witnesses
        self._kind: Kind = kind
        self._witness = witness
        self._boot = secrets.token_hex(8)
        self._take = take
        self._now = now
        self._hours: dict[int, dict[str, Witnessed]] = {}
        self._changed: set[tuple[int, str]] = set()
        self._repeat_at = float("-inf")
        self._epoch: str = ""

    def __repr__(self) -> str:
        return f"<Witness of {self._kind} {self._witness}, {len(self._changed)} to be told>"

    async def run(self) -> None:
        """Tell each second what has changed, until cancelled."""
        while True:
            await asyncio.sleep(WINDOW_SECONDS - self._now() % WINDOW_SECONDS)  # hours end at whole seconds
            try:
                await self.step()
            except Unavailable:
                continue  # the backplane has told the log, and nothing is forgotten
            except Exception:  # noqa: BLE001 - the next second may go well
                _log.exception("what was counted here could not be told")

    async def step(self) -> None:
        """Count what there is to the second that ends, and tell it.

        Raises:
            Unavailable: the store cannot be reached; it is told the next time.
        """
        hour = int(self._now() - WINDOW_SECONDS / 2) // HOUR_SECONDS
        self._add(hour, self._take())
        if time.monotonic() >= self._repeat_at:
            self._repeat_at = time.monotonic() + REPEAT_SECONDS
            self._changed = {(hour, account) for hour, counted in self._hours.items() for account in counted}
        await self._tell()

    async def close(self) -> None:
        """Tell all, and that nothing follows; where the store cannot be reached, the last second is not told."""
        hour = int(self._now()) // HOUR_SECONDS
        self._add(hour, self._take())
        self._hours[hour][""] = self._hours[hour][""]._replace(has_left=True)
        self._changed.add((hour, ""))
        try:
            await self._tell()
        except Unavailable:
            _log.warning("what was counted here last could not be told")

    def _add(self, hour: int, counted: Mapping[str, Sequence[int]]) -> None:
        known = self._hours.get(hour)
        if known is None:
            known = self._hours[hour] = {}
            for old in sorted(self._hours)[:-2]:
                del self._hours[old]
            self._changed = {(told, account) for told, account in self._changed if told in self._hours}
            self._keep(hour, "", (0, 0))
        for account, numbers in counted.items():
            self._keep(hour, account, numbers)

    def _keep(self, hour: int, account: str, numbers: Sequence[int]) -> None:
        messages, size = numbers
        known = self._hours[hour].get(account) or Witnessed(self._kind, self._witness, self._boot, hour, account)
        self._hours[hour][account] = known._replace(
            messages=known.messages + messages,
            bytes=known.bytes + size,
            most=max(known.most, messages if self._kind == "storage" else size),
        )
        self._changed.add((hour, account))

    async def _tell(self) -> None:
        changed = [key for key in sorted(self._changed) if key[1] in self._hours.get(key[0], {})]
        if changed:
            epoch = await self._witnesses.tell([self._hours[hour][account] for hour, account in changed])
            if epoch != self._epoch:
                self._epoch, self._repeat_at = epoch, float("-inf")
        self._changed.difference_update(changed)
