"""The busiest topics of a cache in the last minute, as routers have counted them."""

from accounts.caches.service import Caches
from backplane.busiest import Busiest, HeardTopics

MOST_SHOWN = 20


class BusiestTopics:
    """Asks routers about a cache."""

    def __init__(self, caches: Caches, busiest: Busiest) -> None:
        self._caches = caches
        self._busiest = busiest

    async def of(self, account_id: str, name: str) -> HeardTopics:
        """Return the topics of the account's cache of this name that were published to most.

        Raises:
            NotFound: there is none of this name.
            Unavailable: routers cannot be asked.
        """
        cache = await self._caches.describe(account_id, name)
        return await self._busiest.topics(account_id, cache.id, MOST_SHOWN)
