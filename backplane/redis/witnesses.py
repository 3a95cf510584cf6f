"""What witnesses have counted, on its way to the account service: a hash for each hour."""

import json
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import cast

from api.errors import Unavailable
from backplane.redis.scripts import load
from backplane.redis.store import Store
from backplane.witnesses import Kind, Witnessed

KEPT_SECONDS = 3 * 86400
MOST_COUNTS = 500_000
"""Of one hour: so many accounts times storage nodes."""

COUNTS_AT_ONCE = 500

_TELL = load("epoch", "tell_witnessed")
_HEAR = load("epoch", "read_witnessed")


class RedisWitnesses:
    """Each count under the witness, its boot and the account; the largest numbers stay."""

    def __init__(self, store: Store, most_counts: int = MOST_COUNTS) -> None:
        self._store = store
        self._limits = (str(KEPT_SECONDS), str(most_counts))

    async def tell(self, counted: Sequence[Witnessed]) -> str:
        epoch = b""
        for hour, of_hour in groupby(sorted(counted), key=attrgetter("hour")):
            told = list(of_hour)
            for start in range(0, len(told), COUNTS_AT_ONCE):
                words: list[str] = []
                for each in told[start : start + COUNTS_AT_ONCE]:
                    words += [json.dumps(each.key), *map(str, each[5:8]), str(int(each.has_left))]
                left_out, epoch = await self._store.call(_TELL, self._keys(hour), *self._limits, *words)
                if left_out:
                    raise Unavailable(f"{left_out} counts of storage nodes were not taken; there is no room for more")
        return epoch.decode()

    async def heard(self, hour: int) -> Sequence[Witnessed]:
        found: list[Witnessed] = []
        cursor = "0"
        while True:
            cursor, said = await self._store.call(_HEAR, self._keys(hour), cursor)
            found += [_witnessed(hour, key, counts) for key, counts in zip(said[::2], said[1::2], strict=True)]
            if cursor == b"0":
                return list({each.key: each for each in found}.values())

    def _keys(self, hour: int) -> list[str]:
        return [self._store.key("epoch"), self._store.key("witnessed", str(hour))]


def _witnessed(hour: int, key: bytes, counts: bytes) -> Witnessed:
    kind, witness, boot, account = json.loads(key)
    messages, size, most, has_left = map(int, counts.split())
    return Witnessed(cast("Kind", kind), witness, boot, hour, account, messages, size, most, bool(has_left))
