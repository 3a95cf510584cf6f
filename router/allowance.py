"""What an account, or a cache with limits of its own, may use on this router, and what it uses; no I/O and no clock."""

from collections.abc import Callable

from api.account import Limits
from api.errors import MessageTooLarge, PublishRateExceeded, ThroughputExceeded, TooManySubscriptions
from backplane.interface import Ceiling, Demand, Standing
from router.quota import Bucket
from router.slots import Slots

SHORTEST_SECONDS = 0.05
"""What was asked for in less time than this is no rate."""

BUSY_PART = 0.05
"""Others hear often of what is asked for more than this part of its limit."""

NOTHING_PER_SECOND = 0.01


class Allowance:
    """The budget of this second, and the room for subscriptions.

    Attributes:
        id: Of the account or the cache.
        place: The same for people.
        limits: Those in force.
        is_touched: Whether it was used since the others were last thought of.
        told_at: When the others were told of it.
    """

    __slots__ = (
        "_largest",
        "_touched",
        "bytes",
        "id",
        "is_touched",
        "limits",
        "place",
        "publishes",
        "slots",
        "told_at",
    )

    def __init__(self, id: str, place: str, limits: Limits, now: float, touched: Callable[["Allowance"], None]) -> None:
        """`touched` is called when it is used for the first time after the others were thought of."""
        self.id = id
        self.place = place
        self.limits: Limits = limits
        self.publishes = Bucket(limits.publishes_per_second, now)
        self.bytes = Bucket(limits.publish_bytes_per_second, now)
        self.slots = Slots(limits.subscriptions)
        self._largest = limits.message_bytes
        self.is_touched = False
        self.told_at = now - SHORTEST_SECONDS
        self._touched = touched

    def __repr__(self) -> str:
        return f"<Allowance of {self.place}, {self.publishes!r}, {self.slots!r}>"

    @property
    def is_used(self) -> bool:
        """Whether the others must go on hearing of it."""
        return bool(self.slots.open or self.slots.granted or self.publishes.demand > NOTHING_PER_SECOND)

    def is_busy(self, now: float) -> bool:
        """Whether the others should hear of it at once: much is asked, or was told and may be over."""
        seconds = max(now - self.told_at, SHORTEST_SECONDS)
        return self.slots.has_too_many or any(
            max(bucket.asked, bucket.demand * seconds) > seconds * bucket.limit * BUSY_PART
            for bucket in (self.publishes, self.bytes)
        )

    def charge(self, value_bytes: int, now: float) -> None:
        """Take one publish of this size from the budget.

        Raises:
            MessageTooLarge: no value may be as large.
            PublishRateExceeded, ThroughputExceeded: there is too little left.
        """
        if value_bytes > self._largest:
            raise MessageTooLarge(f"request limit: {value_bytes} of {self._largest} bytes in one value in {self.place}")
        if not self.is_touched:
            self.touch()
        if not self.publishes.take(1, now):
            most = f"{self.publishes.limit:.0f}"
            raise PublishRateExceeded(f"operations: {most} of {most} publishes a second in {self.place} are used")
        if not self.bytes.take(value_bytes, now):
            self.publishes.give_back(1)
            most = f"{self.bytes.limit:.0f}"
            raise ThroughputExceeded(f"throughput: {most} of {most} bytes a second in {self.place} are used")

    def give_back(self, value_bytes: int) -> None:
        """Undo a `charge`."""
        self.publishes.give_back(1)
        self.bytes.give_back(value_bytes)

    def full(self) -> TooManySubscriptions:
        """Return the refusal of one more subscription."""
        slots = self.slots
        return TooManySubscriptions(
            f"subscriptions: {slots.taken} of {slots.limit} in {self.place}; no more subscribers are admitted"
        )

    def open(self) -> None:
        """Count one subscription more."""
        self.slots.open += 1
        self.touch()

    def close(self) -> None:
        """Count one subscription less."""
        self.slots.open -= 1
        self.touch()

    def touch(self) -> None:
        """Have the others thought of."""
        if not self.is_touched:
            self.is_touched = True
            self._touched(self)

    def change(self, place: str, limits: Limits) -> None:
        """Go by other limits from now on."""
        self.place = place
        if limits != self.limits:
            self.limits = limits
            self._largest = limits.message_bytes
            self.publishes.change(limits.publishes_per_second)
            self.bytes.change(limits.publish_bytes_per_second)
            self.slots.change(limits.subscriptions)
            self.touch()

    def rested(self, until: float) -> None:
        """Take what was asked for as asked since then, and not since the others were told, which may be hours ago."""
        self.told_at = max(self.told_at, until)

    def tell(self, now: float) -> Demand:
        """Return what the others are to be told, and count anew."""
        seconds = max(now - self.told_at, SHORTEST_SECONDS)
        self.told_at = now
        accepted, accepted_bytes = self.publishes.told(seconds), self.bytes.told(seconds)
        limits = self.limits
        return Demand(
            Ceiling(limits.publishes_per_second, limits.publish_bytes_per_second, limits.subscriptions),
            publishes=self.publishes.demand,
            publish_bytes=self.bytes.demand,
            accepted=accepted,
            accepted_bytes=accepted_bytes,
            subscriptions=self.slots.open,
            slots=self.slots.wanted,
        )

    def heard(self, standing: Standing, routers: int, now: float) -> None:
        """Go by what the others told."""
        self.publishes.heard(standing.publishes, standing.publish_level, routers, now)
        self.bytes.heard(standing.publish_bytes, standing.byte_level, routers, now)
        self.slots.heard(standing.slots, standing.subscriptions, routers)

    def unheard(self, told: Demand | None, routers: int) -> None:
        """Go on alone: nobody answered. What was `told` is told again; None where it is too old to count."""
        accepted, accepted_bytes = (told.accepted, told.accepted_bytes) if told else (0, 0)
        self.publishes.unheard(accepted, routers)
        self.bytes.unheard(accepted_bytes, routers)
        self.slots.unheard(routers)
