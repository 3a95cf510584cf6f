"""Topics for webhooks, read by a router in the same process as by any subscriber: metered, and within limits."""

import asyncio
from collections.abc import Callable, Sequence

from accounts.webhook_deliveries.topics import Gap, Item, Position
from router.http.messages import messages
from router.router import Router
from router.subscription import Subscription


class RouterTopics:
    """Implements `accounts.webhook_deliveries.topics.Topics`.

    Args:
        router: Returns the router; it may be made when it is asked for first.
    """

    def __init__(self, router: Callable[[], Router]) -> None:
        self._router = router

    async def newest(self, account_id: str, cache: str, topic: str) -> Position:
        subscription = await self._open(account_id, cache, topic, 0, 0)
        position = _newest(subscription)
        self._router().unsubscribe(subscription)
        return position

    async def read(self, account_id: str, cache: str, topic: str, position: Position) -> "RouterReading":
        page, number = position
        return RouterReading(self._router(), await self._open(account_id, cache, topic, number + 1, page))

    async def _open(self, account_id: str, cache: str, topic: str, number: int, page: int) -> Subscription:
        router = self._router()
        bearer = await router.bearers.of_account(account_id)
        return await router.subscribe(bearer, cache, topic, number, page, _stays)


class RouterReading:
    """One subscription; implements `accounts.webhook_deliveries.topics.Reading`."""

    def __init__(self, router: Router, subscription: Subscription) -> None:
        self._router = router
        self._subscription = subscription
        self._arrivals = subscription.feed.arrivals()

    async def next(self) -> Sequence[Item | Gap]:
        told: list[Item | Gap] = []
        frames = await self._subscription.next()
        now = asyncio.get_running_loop().time()
        for message in messages(frames):
            match message.WhichOneof("kind"):
                case "item":
                    item, value = message.item, message.item.value
                    shown = value.binary if value.WhichOneof("kind") == "binary" else value.text
                    page, number = item.sequence_page, item.topic_sequence_number
                    told.append(Item(page, number, shown, item.publisher_id, self._arrivals.of(page, number) or now))
                case "discontinuity":
                    gap = message.discontinuity
                    told.append(Gap(gap.last_topic_sequence, gap.new_topic_sequence, gap.new_sequence_page))
                case _:  # a heartbeat
                    pass
        return told

    def taken(self) -> None:
        self._subscription.delivered()

    def newest(self) -> Position:
        return _newest(self._subscription)

    def close(self) -> None:
        self._router.unsubscribe(self._subscription)


def _newest(subscription: Subscription) -> Position:
    return Position(subscription.feed.log.page, subscription.feed.log.last)


async def _stays() -> bool:
    return False
