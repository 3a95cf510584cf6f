"""Passwords: argon2, in a few threads of their own so that a crowd that logs in does not stop the service."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash

from api.errors import InvalidArgument, Unavailable

THREADS = 2
MAX_WAITING = 100
"""Who comes when as many wait already is sent away: at some 50 ms each, these take seconds."""

SHORTEST, LONGEST = 10, 256

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash.recommended()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0
        self._nobodys = self._threads.submit(self._hasher.hash, "nobody has this password")  # no start waits for it

    async def hash(self, password: str) -> str:
        """Return the hash to keep.

        Raises:
            Unavailable: too many wait for theirs.
        """
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether `password` has this hash. Takes as long where there is nobody to have one. See `hash` for errors."""
        shown = password[:LONGEST]
        matches = await self._run(lambda: self._hasher.verify(shown, kept or self._nobodys.result()))
        return matches and kept is not None and len(password) <= LONGEST

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("too many people log in at this moment; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def check_password(password: str) -> None:
    """Check that a password is long enough, and not so long that hashing it is an attack.

    Raises:
        InvalidArgument: it is not.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidArgument(f"a password has {SHORTEST} to {LONGEST} characters")
