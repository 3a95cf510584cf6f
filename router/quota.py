"""This router's part of a limit per second that the whole fleet shares; no I/O and no clock."""

from api.burst import burst
from router.shares import share, share_alone, smoothed


class Bucket:
    """A token bucket that fills at this router's share of a limit, up to what the limit allows at once.

    What is asked for may be more than it ever holds: that is granted when it is full, and the debt is paid off before
    anything else is granted. A limit of zero grants nothing.

    Attributes:
        limit: What the fleet may accept each second.
        rate: What this router may accept of that.
        asked: What was asked for since it was told of, refused or not.
        taken: What was granted of that.
        demand: What is asked for each second, as it was told of last.
    """

    __slots__ = ("_capacity", "_level", "_others", "_updated", "asked", "demand", "limit", "rate", "taken")

    def __init__(self, limit: float, now: float) -> None:
        self.limit = self.rate = limit
        self._capacity = self._level = burst(limit)
        self._updated = now
        self.asked = self.taken = 0
        self.demand = self._others = 0.0

    def __repr__(self) -> str:
        return f"<Bucket {self._level:.0f} left, {self.rate:.0f} of {self.limit:.0f} a second>"

    def take(self, amount: int, now: float) -> bool:
        """Take `amount`; return whether there was enough. `now` is in seconds of a monotonic clock."""
        self.asked += amount
        capacity = self._capacity
        level = self._level + (now - self._updated) * self.rate
        level = min(level, capacity)
        self._updated = now
        if level < amount and (level < capacity or not capacity):
            self._level = level
            return False
        self._level = level - amount
        self.taken += amount
        return True

    def give_back(self, amount: int) -> None:
        """Undo a `take` that was granted."""
        self._level += amount
        self.taken -= amount

    def change(self, limit: float) -> None:
        """Set another limit. What is in the bucket stays, up to what the limit allows at once."""
        self.limit = self.rate = limit
        self._capacity = burst(limit)
        self._level = min(self._level, self._capacity)

    def told(self, seconds: float) -> int:
        """Reckon the demand of the last `seconds`, return what was granted in them, and count anew."""
        self.demand = smoothed(self.demand, self.asked / seconds, seconds)
        taken = self.taken
        self.asked = self.taken = 0
        return taken

    def heard(self, others: float, level: float, routers: int, now: float) -> None:
        """Go by what `others` are asked for, and by the fleet's `level` when it was told what was granted here."""
        self._others = others
        self.rate, level = share(self.limit, self.demand, others, level, routers)
        self._level = min(level, self._capacity) - self.taken
        self._updated = now

    def unheard(self, taken: int, routers: int) -> None:
        """Count what was `taken` once more: nobody heard of it. Until then the router goes by what it knows."""
        self.taken += taken
        self.rate = share_alone(self.limit, self.demand, self._others, routers)
