"""How much is asked of each account, router by router; what a router told fades."""

from collections.abc import Mapping, Sequence

from backplane.interface import Demand
from backplane.redis.scripts import load
from backplane.redis.store import Store

FADE_SECONDS = 3.0
ACCOUNTS_AT_ONCE = 500

_EXCHANGE = load("epoch", "exchange")


class RedisQuotas:
    """The demands of routers, one hash for each account, with the time at which they were told."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Mapping[str, Demand]:
        account_ids = list(demands)
        others: dict[str, Demand] = {}
        for start in range(0, len(account_ids), ACCOUNTS_AT_ONCE):
            some = account_ids[start : start + ACCOUNTS_AT_ONCE]
            told = await self._exchange(router_id, {id: demands[id] for id in some})
            others.update({id: _sum(of_others) for id, of_others in zip(some, told, strict=True) if of_others})
        return others

    async def _exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Sequence[Sequence[bytes]]:
        keys = [self._store.key("epoch"), *(self._store.key("demand", id) for id in demands)]
        said = [f"{demand.publishes} {demand.publish_bytes} {demand.subscriptions}" for demand in demands.values()]
        fade_ms = str(round(FADE_SECONDS * 1000))
        return await self._store.call(_EXCHANGE, keys, router_id, fade_ms, *said)


def _sum(told: Sequence[bytes]) -> Demand:
    rows = [text.split() for text in told]
    return Demand(
        publishes=sum(float(row[0]) for row in rows),
        publish_bytes=sum(float(row[1]) for row in rows),
        subscriptions=sum(int(row[2]) for row in rows),
        routers=len(rows),
    )
