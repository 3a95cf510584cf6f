"""Bounds for what costs a client nothing: streams begun and given up, and frames that ask for nothing."""

from http2.frames import Code, ConnectionFault
from http2.limits import Limits

UPDATES = 10
"""Of windows, for each request and for each 16 KiB of data or frame with less. A client that opens both windows with
each needs two."""


class Spare:
    """What may be asked for at once, and anew as time goes by."""

    __slots__ = ("_a_second", "_left", "_most", "_refilled")

    def __init__(self, most: int, a_second: float, now: float) -> None:
        self._most = float(most)
        self._a_second = a_second
        self._left = self._most
        self._refilled = now

    def take(self, count: int, now: float) -> bool:
        """Take so many; return whether there were as many. Whoever takes too many leaves nothing."""
        left = min(self._left + (now - self._refilled) * self._a_second, self._most) - count
        self._refilled = now
        if left >= 0:
            self._left = left
            return True
        self._left = 0.0
        return False


class Floods:
    """Counts for one connection.

    Attributes:
        streams: How many were begun; whoever begins one adds to it.
    """

    __slots__ = ("_frames", "_limits", "_pinged_at", "_resets", "_spare_resets", "_updates", "streams")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.streams = 0
        self._resets = 0
        self._updates = 0
        self._pinged_at = 0
        self._frames = Spare(limits.spare_frames, limits.spare_frames_a_second, now)
        self._spare_resets = Spare(limits.resets, limits.resets_a_second, now)

    def reset(self, began: float, now: float, *, is_answered: bool) -> None:
        """Note a stream that began at that time, and that the client has now reset.

        The bound is against streams that make room for more before they have cost a client anything (CVE-2023-44487).
        Subscriptions that were answered and held for a time end by a reset too, and are no such streams: there are
        `Limits.streams` at a time, so that no more than those can end within `Limits.premature_seconds`.

        Raises:
            ConnectionFault: there were too many that it gave up too soon.
        """
        if not is_answered or now - began < self._limits.premature_seconds:
            self.given_up(now)

    def given_up(self, now: float) -> None:
        """Note a stream that the client gave up too soon, or that was refused or reset for its own fault.

        Raises:
            ConnectionFault: there were too many of late.
        """
        self._resets += 1
        if not self._spare_resets.take(1, now) and self._resets * 2 >= self.streams:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many streams were given up")

    def update(self, data_units: int) -> None:
        """Note a window update from a client that has been sent so much, as `Sending.data_units` counts it.

        Raises:
            ConnectionFault: there were more than those and its requests call for.
        """
        self._updates += 1
        if self._updates > self._limits.spare_frames + UPDATES * (self.streams + data_units):
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many window updates")

    def ping(self, data_units: int, now: float) -> None:
        """Note a ping from a client that has been sent so much, as `Sending.data_units` counts it.

        One after each piece of data is no flood: by these pings gRPC in Go learns how large its windows should be, and
        sends the next as soon as it has the answer and more data.

        Raises:
            ConnectionFault: there were too many frames that ask for nothing of late.
        """
        if data_units == self._pinged_at:
            self.idle_frame(now)
        self._pinged_at = data_units

    def idle_frame(self, now: float, frames: int = 1) -> None:
        """Note a frame that asks for nothing, or one that costs as much as so many.

        Raises:
            ConnectionFault: there were too many of late.
        """
        if not self._frames.take(frames, now):
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames that ask for nothing")
