"""What a Redis refuses while it is there: to write when it is full, or what its user may not."""

import logging
import time

TOLD_EVERY_SECONDS = 10.0
"""Calls that are refused come by the thousand in a second; the log gets one of them."""

FRESH_SECONDS = 2.0
"""A refusal that is older says nothing of how Redis stands: followers write several times a second."""


class Refusals:
    """Tells the log of them, and remembers the last one."""

    def __init__(self, logger: logging.Logger, where: str) -> None:
        """`where` is what the log calls the Redis."""
        self._log = logger
        self._where = where
        self._last_at = float("-inf")
        self._told_at = float("-inf")

    @property
    def are_fresh(self) -> bool:
        """Whether something was refused just now."""
        return time.monotonic() - self._last_at < FRESH_SECONDS

    def note(self, reason: Exception) -> None:
        """Take note of one."""
        self._last_at = now = time.monotonic()
        if now - self._told_at > TOLD_EVERY_SECONDS:
            self._told_at = now
            self._log.error("%s refuses a call: %s", self._where, reason)
