"""What routers ask of each account and cache, and the buckets that they draw on together; what a router told fades."""

from collections.abc import Mapping, Sequence

from api.burst import burst
from backplane.interface import Demand, Exchanged, Standing, Use
from backplane.redis.scripts import load
from backplane.redis.store import Store

FADE_SECONDS = 3.0
MOST_DEBT_SECONDS = 1.0
HASHES_AT_ONCE = 500

_EXCHANGE = load("epoch", "exchange")
_READ_USES = load("epoch", "read_uses")
_READ_DEMANDED = load("epoch", "read_demanded")


class RedisQuotas:
    """Implements `backplane.interface.Quotas`: one hash for each account and cache."""

    def __init__(self, store: Store, fade_seconds: float = FADE_SECONDS) -> None:
        """What a router told counts for `fade_seconds`."""
        self._store = store
        self._fade_ms = str(round(fade_seconds * 1000))

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Exchanged:
        ids = list(demands)
        routers, standings = 1, dict[str, Standing]()
        for start in range(0, max(len(ids), 1), HASHES_AT_ONCE):
            some = ids[start : start + HASHES_AT_ONCE]
            keys = [*self._store.keys("routers", "demanded"), *(self._store.key("demand", id) for id in some)]
            told = [word for id in some for word in (_told(demands[id]), id)]
            answer = await self._store.call(_EXCHANGE, keys, router_id, self._fade_ms, str(MOST_DEBT_SECONDS), *told)
            routers = int(answer[0])
            standings.update((id, _standing(line)) for id, line in zip(some, answer[1:], strict=True))
        return Exchanged(routers, standings)

    async def uses(self, ids: Sequence[str] | None = None) -> Mapping[str, Use]:
        if ids is None:
            told = await self._store.call(_READ_DEMANDED, self._store.keys("demanded"), self._fade_ms)
            ids = [id.decode() for id in told]
        found: dict[str, Use] = {}
        for start in range(0, len(ids), HASHES_AT_ONCE):
            some = ids[start : start + HASHES_AT_ONCE]
            keys = [self._store.key("epoch"), *(self._store.key("demand", id) for id in some)]
            answer = await self._store.call(_READ_USES, keys, self._fade_ms)
            found.update((id, _use(line)) for id, line in zip(some, answer, strict=True))
        return found


def _told(demand: Demand) -> str:
    ceiling = demand.ceiling
    numbers = (
        demand.publishes,
        demand.publish_bytes,
        demand.accepted,
        demand.accepted_bytes,
        demand.subscriptions,
        demand.slots,
        ceiling.publishes_per_second,
        burst(ceiling.publishes_per_second),
        ceiling.publish_bytes_per_second,
        burst(ceiling.publish_bytes_per_second),
        ceiling.subscriptions,
    )
    return " ".join(map(str, numbers))


def _standing(line: bytes) -> Standing:
    publishes, publish_bytes, subscriptions, slots, publish_level, byte_level = line.split()
    return Standing(
        float(publishes), float(publish_bytes), int(subscriptions), int(slots), float(publish_level), float(byte_level)
    )


def _use(line: bytes) -> Use:
    publishes, publish_bytes, subscriptions = line.split()
    return Use(float(publishes), float(publish_bytes), int(subscriptions))
