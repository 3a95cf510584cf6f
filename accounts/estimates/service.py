"""What a message would cost: its operations, and what they add to the bill of the month as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.billing.money import total
from accounts.billing.rating import MINIMUM, Part, Usage, amount_of, rate
from accounts.caches import repository as caches
from accounts.clocks.service import Clocks
from accounts.database import Database
from accounts.invoices.reckoning import Reckoning
from accounts.pricing.service import Pricing
from api.errors import NotFound
from api.names import Topic, checked_cache_name, checked_topic_name
from api.usage import operations
from backplane.audience import Audience, Heard


@dataclass(frozen=True, slots=True)
class Asked:
    """A message, or many of the same.

    Attributes:
        bytes: The size of one value.
        subscribers: How many get it; None for as many as the topic has at this moment.
    """

    bytes: int
    cache: str
    topic: str
    messages: int = 1
    subscribers: int | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What it would be.

    Attributes:
        heard: What routers said of the subscribers; None where the question said how many.
        chunks: Operations of one message, published or delivered once.
        publish_operations: Of all messages.
        delivery_operations: Likewise.
        amount: What they add to the month's bill, exact: the included units and tiers are those that are left.
    """

    heard: Heard | None
    subscribers: int
    chunks: int
    publish_operations: int
    delivery_operations: int
    amount: Decimal
    currency: str


class Estimates:
    """Reckons estimates."""

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, reckoning: Reckoning, audience: Audience
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._reckoning = reckoning
        self._audience = audience

    async def estimate(self, account_id: str, asked: Asked) -> Estimate:
        """Return what messages would cost now.

        Raises:
            InvalidArgument: a name cannot be one.
            NotFound: there is no such cache.
            Unavailable: routers cannot be asked.
        """
        cache, topic = checked_cache_name(asked.cache), checked_topic_name(asked.topic)
        async with self._database.reading() as session:
            found = {row.name: row.id for row in await caches.of_account(session, account_id)}
            if cache not in found:
                raise NotFound(f"cache '{cache}' does not exist")
            customer = await self._pricing.customer(session, account_id)
            now = await self._clocks.now(session, account_id)
            period = await self._pricing.period_at(session, customer, now)
            parts = await self._reckoning.parts(session, customer, period)
            part = next(part for part in parts if part.start <= now < part.end)
            used = await self._reckoning.used(session, account_id, part)
        heard = None
        if asked.subscribers is None:
            heard = await self._audience.subscribers(Topic(account_id, found[cache], topic))
        subscribers = heard.subscribers if heard else asked.subscribers or 0
        chunks = operations(asked.bytes)
        more = _units(asked, chunks, subscribers)
        return Estimate(
            heard,
            subscribers,
            chunks,
            more["publish_operations"],
            more["delivery_operations"],
            _added(part, used, more),
            part.plan.currency,
        )


def _units(asked: Asked, chunks: int, subscribers: int) -> Mapping[str, int]:
    deliveries = asked.messages * subscribers
    return {
        "publish_messages": asked.messages,
        "publish_bytes": asked.messages * asked.bytes,
        "publish_operations": asked.messages * chunks,
        "delivery_messages": deliveries,
        "delivery_bytes": deliveries * asked.bytes,
        "delivery_operations": deliveries * chunks,
    }


def _added(part: Part, used: Usage, more: Mapping[str, int]) -> Decimal:
    after = dict(used)
    for meter, units in more.items():
        after["", meter] = after.get(("", meter), 0) + units
    before_amount, after_amount = (
        amount_of({key: units for key, units in rate(part, usage).items() if key.meter != MINIMUM})
        for usage in (used, after)
    )
    return total([after_amount, -before_amount])
