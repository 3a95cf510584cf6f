"""The quotas of routers in one process; what a script does in Redis, in Python."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.burst import burst
from backplane.interface import Demand, Exchanged, Standing, Use

FADE_SECONDS = 3.0
MOST_DEBT_SECONDS = 1.0


class Level:
    """A bucket for the whole fleet. What was accepted is taken out afterwards, so that it may be in debt."""

    def __init__(self, per_second: float, now: float) -> None:
        self.left = burst(per_second)
        self._at = now

    def take(self, accepted: float, per_second: float, now: float) -> float:
        """Fill it up to `now`, take out what was accepted meanwhile, and return what is left.

        In this order, since it was accepted as the bucket filled: who tells late owes nothing that the limit allows.
        """
        filled = self.left + (now - self._at) * per_second - accepted
        self.left = max(min(filled, burst(per_second)), -per_second * MOST_DEBT_SECONDS)
        self._at = now
        return self.left


@dataclass(frozen=True, slots=True)
class _Told:
    at: float
    demand: Demand
    use: Use
    slots: int


class _Shared:
    """An account or a cache: its buckets, and what each router told of it."""

    def __init__(self, demand: Demand, now: float) -> None:
        self._publishes = Level(demand.ceiling.publishes_per_second, now)
        self._bytes = Level(demand.ceiling.publish_bytes_per_second, now)
        self._told: dict[str, _Told] = {}

    def tell(self, router_id: str, demand: Demand, now: float) -> Standing:
        others = [told for id, told in self.fresh(now).items() if id != router_id]
        free = demand.ceiling.subscriptions - sum(told.slots for told in others)
        slots = max(min(demand.slots, free), 0)
        before = self._told.get(router_id)
        seconds = now - before.at if before is not None else 0.0
        use = Use(
            demand.accepted / seconds if seconds else 0.0,
            demand.accepted_bytes / seconds if seconds else 0.0,
            demand.subscriptions,
        )
        self._told[router_id] = _Told(now, demand, use, max(slots, demand.subscriptions))
        return Standing(
            publishes=sum(told.demand.publishes for told in others),
            publish_bytes=sum(told.demand.publish_bytes for told in others),
            subscriptions=sum(told.demand.subscriptions for told in others),
            slots=slots,
            publish_level=self._publishes.take(demand.accepted, demand.ceiling.publishes_per_second, now),
            byte_level=self._bytes.take(demand.accepted_bytes, demand.ceiling.publish_bytes_per_second, now),
        )

    def fresh(self, now: float) -> Mapping[str, _Told]:
        self._told = {id: told for id, told in self._told.items() if now - told.at < FADE_SECONDS}
        return self._told


class MemoryQuotas:
    """Implements `backplane.interface.Quotas`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._shared: dict[str, _Shared] = {}
        self._routers: dict[str, float] = {}

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Exchanged:
        now = self._now()
        self._routers = {id: at for id, at in self._routers.items() if now - at < FADE_SECONDS} | {router_id: now}
        return Exchanged(
            len(self._routers),
            {id: self._of(id, demand, now).tell(router_id, demand, now) for id, demand in demands.items()},
        )

    async def uses(self, ids: Sequence[str] | None = None) -> Mapping[str, Use]:
        now = self._now()
        if ids is None:
            ids = [id for id, shared in self._shared.items() if shared.fresh(now)]
        return {id: _sum(self._shared[id].fresh(now)) if id in self._shared else Use() for id in ids}

    def _of(self, id: str, demand: Demand, now: float) -> _Shared:
        shared = self._shared.get(id)
        if shared is None or not shared.fresh(now):
            shared = self._shared[id] = _Shared(demand, now)
        return shared


def _sum(told: Mapping[str, _Told]) -> Use:
    uses = [one.use for one in told.values()]
    return Use(
        sum(use.publishes for use in uses),
        sum(use.publish_bytes for use in uses),
        sum(use.subscriptions for use in uses),
    )
