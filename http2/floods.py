"""Bounds for what costs a client nothing: streams begun and given up, and frames that ask for nothing."""

from http2.frames import Code, ConnectionFault
from http2.limits import Limits

UPDATES = 10
"""Of windows, for each request and for each 16 KiB of data or frame with less. A client that opens both windows with
each needs two."""


class Floods:
    """Counts for one connection.

    Attributes:
        streams: How many were begun; whoever begins one adds to it.
    """

    __slots__ = ("_limits", "_refilled", "_resets", "_spare", "_updates", "streams")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.streams = 0
        self._resets = 0
        self._updates = 0
        self._spare = float(limits.spare_frames)
        self._refilled = now

    def reset(self, age_seconds: float, *, is_answered: bool) -> None:
        """Note a stream that the client reset so long after it began.

        The bound is against streams that make room for more before they have cost a client anything (CVE-2023-44487).
        Subscriptions that were answered and held for a time end by a reset too, and are no such streams: there are
        `Limits.streams` at a time, so that no more than those can end within `Limits.premature_seconds`.

        Raises:
            ConnectionFault: there were too many that it gave up too soon.
        """
        if not is_answered or age_seconds < self._limits.premature_seconds:
            self.given_up()

    def given_up(self) -> None:
        """Note a stream that the client gave up too soon, or that was refused or reset for its own fault.

        Raises:
            ConnectionFault: there were too many.
        """
        self._resets += 1
        if self._resets > self._limits.resets and self._resets * 2 >= self.streams:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many streams were given up")

    def update(self, data_units: int) -> None:
        """Note a window update from a client that has been sent so much, as `Sending.data_units` counts it.

        Raises:
            ConnectionFault: there were more than those and its requests call for.
        """
        self._updates += 1
        if self._updates > self._limits.spare_frames + UPDATES * (self.streams + data_units):
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many window updates")

    def idle_frame(self, now: float, frames: int = 1) -> None:
        """Note a frame that asks for nothing, or one that costs as much as so many.

        Raises:
            ConnectionFault: there were too many of late.
        """
        self._spare -= frames
        if self._spare >= 0:
            return
        more = (now - self._refilled) * self._limits.spare_frames_a_second
        self._refilled = now
        self._spare = min(self._spare + more, self._limits.spare_frames)
        if self._spare < 0:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames that ask for nothing")
