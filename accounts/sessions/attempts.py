"""Slows down whoever guesses passwords, signs up in bulk or has mails sent; no I/O."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from accounts.networks import network_of
from accounts.users.emails import LONGEST_EMAIL
from api.errors import TooManyLogins

PER_EMAIL, EMAIL_WINDOW_SECONDS = 10, 15 * 60.0
PER_ADDRESS, ADDRESS_WINDOW_SECONDS = 30, 60.0
MAILS_PER_EMAIL = 5
KNOWN_SECONDS = 30 * 24 * 3600.0
MAX_KEYS = 50_000


class Attempts:
    """Counts tries by e-mail and by network, known or not: the answer tells nobody which e-mails exist.

    A try that is refused counts as none, so that nobody is made to wait for longer than the window. Addresses from
    which somebody has shown the password lately are counted apart from all others: wrong guesses from elsewhere do
    not keep the owner of an e-mail out.
    """

    def __init__(self, per_email: int = PER_EMAIL, now: Callable[[], float] = time.monotonic) -> None:
        self._per_email = per_email
        self._now = now
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries) + len(self._known)

    def count(self, address: str, email: str) -> None:
        """Count one try.

        Raises:
            TooManyLogins: there were too many lately, for this e-mail or from this address.
        """
        self.count_address(address)
        self._one(self._name(network_of(address), _plain(email)), self._per_email, EMAIL_WINDOW_SECONDS)

    def count_address(self, address: str) -> None:
        """Count one try that names no e-mail. See `count`."""
        self._one(f"address {network_of(address)}", PER_ADDRESS, ADDRESS_WINDOW_SECONDS)

    def forgive(self, address: str, email: str) -> None:
        """Forget the tries for an e-mail whose owner has shown the password, and know the address from now on."""
        network, email = network_of(address), _plain(email)
        self._tries.pop(self._name(network, email), None)
        self._known.pop((network, email), None)
        self._known[network, email] = self._now()
        if len(self._known) > MAX_KEYS:
            self._known.popitem(last=False)

    def _name(self, network: str, email: str) -> str:
        is_known = self._known.get((network, email), -KNOWN_SECONDS) > self._now() - KNOWN_SECONDS
        return f"known {network} {email}" if is_known else f"email {email}"

    def _one(self, key: str, most: int, window_seconds: float) -> None:
        now = self._now()
        tries = self._tries.pop(key, deque[float]())
        self._tries[key] = tries
        if len(self._tries) > MAX_KEYS:
            self._tries.popitem(last=False)
        while tries and tries[0] <= now - window_seconds:
            tries.popleft()
        if len(tries) >= most:
            raise TooManyLogins("too many tries; wait a while and try again")
        tries.append(now)


def _plain(email: str) -> str:
    return email.strip()[:LONGEST_EMAIL].lower()
