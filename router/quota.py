"""How much of something an account may use each second; no I/O and no clock."""


class Bucket:
    """A token bucket that holds one second's worth.

    What is asked for may be more than the bucket ever holds: it is granted when the bucket is full, and the debt is
    paid off before anything else is granted. A rate of zero grants nothing.
    """

    __slots__ = ("_level", "_updated", "per_second")

    def __init__(self, per_second: float, now: float) -> None:
        self.per_second = per_second
        self._level = float(per_second)
        self._updated = now

    def __repr__(self) -> str:
        return f"<Bucket {self._level:.0f} of {self.per_second:.0f} a second>"

    def take(self, amount: float, now: float) -> bool:
        """Take `amount`; return whether there was enough. `now` is in seconds of a monotonic clock."""
        level = min(self._level + (now - self._updated) * self.per_second, self.per_second)
        self._updated = now
        granted = level >= min(amount, self.per_second) and self.per_second > 0
        self._level = level - amount if granted else level
        return granted

    def change(self, per_second: float) -> None:
        """Set another rate. What is in the bucket stays, up to the new size."""
        self.per_second = per_second
        self._level = min(self._level, per_second)
