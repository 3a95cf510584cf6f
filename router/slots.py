"""The room for subscriptions that this router has of what the fleet may have; no I/O and no clock."""

MOST_SPARE = 64
SPARE_PART = 20
"""Routers keep room for those who come next, of one in twenty subscriptions together at most."""

NEARLY_FULL = 0.9
"""From this part of the limit on, no room is kept: what one router does not use, another may need."""


class Slots:
    """Counts subscriptions against the room that was granted.

    Attributes:
        limit: How many the fleet may have.
        open: How many are here, those that are being opened included.
        waiting: How many wait for room.
        granted: How many may be here; fewer than are open where the limit was lowered.
        elsewhere: How many were open on other routers when they told of it.
    """

    __slots__ = ("_routers", "elsewhere", "granted", "limit", "open", "waiting")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = self.waiting = self.granted = self.elsewhere = 0
        self._routers = 1

    def __repr__(self) -> str:
        return f"<Slots {self.open} of {self.granted}, {self.elsewhere} elsewhere, of {self.limit}>"

    @property
    def has_room(self) -> bool:
        """Whether one more may be opened."""
        return self.open < self.granted

    @property
    def used(self) -> int:
        """How many are open in the fleet, as far as it is known here."""
        return self.open + self.elsewhere

    @property
    def taken(self) -> int:
        """How many are open in the fleet, or may be opened by others without asking: of those is heard sooner."""
        return max(self.used, self.open + self.limit - self.granted)

    @property
    def wanted(self) -> int:
        """How many this router wants to have room for."""
        needed = self.open + self.waiting
        return needed + self._spare(needed) if needed else 0

    @property
    def has_too_many(self) -> bool:
        """Whether others could do with what is granted here."""
        return self.granted > self.wanted

    def heard(self, granted: int, elsewhere: int, routers: int) -> None:
        """Go by what was granted, and by what is open elsewhere."""
        self.granted, self.elsewhere, self._routers = granted, elsewhere, routers

    def unheard(self, routers: int) -> None:
        """Go on without the others: with an equal part for each, all together have twice the limit at most."""
        self.granted = max(self.granted, self.limit // routers)

    def change(self, limit: int) -> None:
        """Set another limit. What is open stays open."""
        self.limit = limit
        self.granted = min(self.granted, limit)

    def _spare(self, needed: int) -> int:
        if needed + self.elsewhere >= self.limit * NEARLY_FULL:
            return 0
        return min(MOST_SPARE, self.limit // (SPARE_PART * self._routers))
