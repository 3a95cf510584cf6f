"""The last use of API keys on its way to the account service: one hash, with the newest use of each key."""

from collections.abc import Sequence

from backplane.interface import KeyUse
from backplane.redis.scripts import load
from backplane.redis.store import Store

MOST_KEYS = 100_000
USES_AT_ONCE = 500

_REPORT = load("epoch", "report_key_uses")
_TAKE = load("epoch", "take_key_uses")


class RedisKeyUses:
    """Uses in a hash, which takes no more than a bounded number of keys."""

    def __init__(self, store: Store, most_keys: int = MOST_KEYS) -> None:
        self._store = store
        self._keys = store.keys("key-uses")
        self._most_keys = str(most_keys)

    async def report(self, uses: Sequence[KeyUse]) -> None:
        for start in range(0, len(uses), USES_AT_ONCE):
            words: list[str] = []
            for use in uses[start : start + USES_AT_ONCE]:
                words += [f"{use.account_id} {use.key_id}", f"{use.at} {use.address}"]
            await self._store.call(_REPORT, self._keys, self._most_keys, *words)

    async def take(self, most: int) -> Sequence[KeyUse]:
        taken = await self._store.call(_TAKE, self._keys, str(min(most, USES_AT_ONCE)))
        return [_use(name.decode(), said.decode()) for name, said in zip(taken[::2], taken[1::2], strict=True)]


def _use(name: str, said: str) -> KeyUse:
    account_id, _, key_id = name.partition(" ")
    at, _, address = said.partition(" ")
    return KeyUse(account_id, key_id, int(at), address)
