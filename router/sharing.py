"""Tells the other routers what is asked of this one, and goes by what they tell; never once for each message.

What is much asked for is exchanged ten times a second, all else once a second. While the store cannot be reached, each
router accepts its last share, or an equal part for each if that is more.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from api.account import Limits
from api.errors import Unavailable
from backplane.interface import Demand, Quotas
from router.allowance import Allowance

LOOK_SECONDS = 0.05
BUSY_SECONDS = 0.1
CALM_SECONDS = 1.0

FORGOTTEN_SECONDS = 1.0
"""What was accepted longer ago than this, when nobody could be told, is no debt."""

_log = logging.getLogger(__name__)


class Sharing:
    """The allowances of one router, and how they stand in the fleet."""

    def __init__(self, quotas: Quotas, router_id: str, now: Callable[[], float] = time.monotonic) -> None:
        """`router_id` must be another one for each process."""
        self.now = now
        self._quotas = quotas
        self._router_id = router_id
        self._routers = 1
        self._touched: dict[str, Allowance] = {}
        self._asked = asyncio.Event()
        self._used: dict[str, Allowance] = {}
        self._calm_at = now()
        self._heard_at = now()
        self._is_alone = False
        self._urgent: dict[str, Allowance] = {}
        self._exchanging = asyncio.Lock()

    def __repr__(self) -> str:
        state = "alone" if self._is_alone else f"{self._routers} routers"
        return f"<Sharing {self._router_id}, {state}, {len(self._used)} used>"

    def allowance(self, id: str, place: str, limits: Limits) -> Allowance:
        """Return a new allowance; all of its limit may be used here until the others are heard."""
        made = Allowance(id, place, limits, self.now(), self._touch)
        if self._is_alone:
            made.unheard(None, self._routers)
        return made

    def forget(self, allowance: Allowance) -> None:
        """Tell of an allowance no more; what the others know of it fades."""
        for known in (self._touched, self._used):
            if known.get(allowance.id) is allowance:
                del known[allowance.id]

    async def has_room(self, allowance: Allowance) -> bool:
        """Whether a subscription may be opened; asks for room where there is none. Who comes meanwhile asks along."""
        slots = allowance.slots
        if self._is_alone:
            slots.unheard(self._routers)
            self._used[allowance.id] = allowance
        if slots.has_room or self._is_alone:
            return slots.has_room
        slots.waiting += 1
        try:
            self._urgent[allowance.id] = allowance
            async with self._exchanging:
                if allowance.id in self._urgent:
                    await self._exchange(self._urgent.values())
        finally:
            slots.waiting -= 1
        return slots.has_room

    async def run(self) -> None:
        """Exchange, until cancelled."""
        while True:
            await self._until_asked()
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - without it, limits would hold no more
                _log.exception("limits could not be shared")

    async def _until_asked(self) -> None:
        """Return when anything was asked for, or when it is time for what is told also with nothing to tell."""
        if not self._touched:
            self._asked.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._calm_at + CALM_SECONDS - self.now()):
                    await self._asked.wait()

    async def look(self) -> None:
        """Exchange what is due."""
        now = self.now()
        due = self._due(now)
        if due or self._calm_at == now:  # also with nothing to tell: the others count the routers
            async with self._exchanging:
                await self._exchange(due)

    def _touch(self, allowance: Allowance) -> None:
        self._touched[allowance.id] = allowance
        self._asked.set()

    def _due(self, now: float) -> Sequence[Allowance]:
        touched, self._touched = self._touched, {}
        due: dict[str, Allowance] = {}
        for id, allowance in touched.items():
            if id not in self._used:
                allowance.rested(now - LOOK_SECONDS)
            if not allowance.is_busy(now):
                allowance.is_touched = False
            elif now - allowance.told_at >= BUSY_SECONDS:
                due[id] = allowance
            else:
                self._touched[id] = allowance
            self._used[id] = allowance
        if now - self._calm_at >= CALM_SECONDS:
            self._calm_at = now
            due |= self._used
        return list(due.values())

    async def _exchange(self, allowances: Iterable[Allowance]) -> None:
        some = {allowance.id: allowance for allowance in allowances}
        now = self.now()
        for id, allowance in some.items():
            self._urgent.pop(id, None)
            allowance.is_touched = False
        told = {id: allowance.tell(now) for id, allowance in some.items()}
        try:
            heard = await self._quotas.exchange(self._router_id, told)
        except Unavailable:
            self._unheard(some, told)
            return
        self._is_alone = False
        self._heard_at = now = self.now()
        self._routers = heard.routers
        for id, allowance in some.items():
            allowance.heard(heard.standings[id], heard.routers, now)
            if not allowance.is_used:
                self._used.pop(id, None)
                continue
            self._used[id] = allowance
            if allowance.is_busy(now):
                self._touch(allowance)  # its end is news as well

    def _unheard(self, allowances: Mapping[str, Allowance], told: Mapping[str, Demand]) -> None:
        self._is_alone = True
        counts = self.now() - self._heard_at < FORGOTTEN_SECONDS
        for id, allowance in allowances.items():
            allowance.unheard(told[id] if counts else None, self._routers)
            self._used[id] = allowance
