"""Passwords: argon2, in a few threads of their own so that a crowd that logs in does not stop the service."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash

THREADS = 2


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._nobodys = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether `password` has this hash. Takes as long where there is nobody to have one."""
        check = self._hasher.verify
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._threads, check, password, kept or self._nobodys)
        return matches and kept is not None

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
