"""Slows down whoever guesses passwords or signs up in bulk; no I/O."""

import time
from collections import deque
from collections.abc import Callable

from api.errors import TooManyLogins

PER_EMAIL, EMAIL_WINDOW_SECONDS = 10, 15 * 60.0
PER_ADDRESS, ADDRESS_WINDOW_SECONDS = 30, 60.0
MAX_KEYS = 50_000


class Attempts:
    """Counts tries by e-mail and by network address, known or not: the answer tells nobody which e-mails exist."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: dict[str, deque[float]] = {}

    def count(self, address: str, email: str) -> None:
        """Count one try.

        Raises:
            TooManyLogins: there were too many lately, for this e-mail or from this address.
        """
        self._one(f"address {address}", PER_ADDRESS, ADDRESS_WINDOW_SECONDS)
        self._one(_email(email), PER_EMAIL, EMAIL_WINDOW_SECONDS)

    def forgive(self, email: str) -> None:
        """Forget the tries for an e-mail whose owner has shown the password."""
        self._tries.pop(_email(email), None)

    def _one(self, key: str, most: int, window_seconds: float) -> None:
        now = self._now()
        if key not in self._tries and len(self._tries) >= MAX_KEYS:
            self._forget_old(now)
        tries = self._tries.setdefault(key, deque(maxlen=most))
        while tries and tries[0] <= now - window_seconds:
            tries.popleft()
        if len(tries) >= most:
            raise TooManyLogins("too many tries; wait a while and try again")
        tries.append(now)

    def _forget_old(self, now: float) -> None:
        old = [key for key, tries in self._tries.items() if not tries or tries[-1] <= now - EMAIL_WINDOW_SECONDS]
        for key in old or list(self._tries)[: MAX_KEYS // 2]:
            del self._tries[key]


def _email(email: str) -> str:
    return f"email {email.strip().lower()}"
