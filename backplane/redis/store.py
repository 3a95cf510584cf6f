"""The store behind the whole backplane: runs scripts in bounded time and knows whether it can be reached.

Whatever goes wrong is `Unavailable` to the caller. The log has one line when the store is lost and one when it is
back, however many calls fail in between.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any, Literal, cast

from redis.exceptions import (
    ClusterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from api.errors import Unavailable
from backplane.redis.connection import Client
from backplane.redis.refusals import Refusals
from backplane.redis.scripts import Script
from backplane.redis_location import Location

CALL_SECONDS = 0.8
CALLS_AT_ONCE = 16

Answer = Any
"""What a script returns: a number, bytes, None, or a list of these."""

State = Literal["reachable", "refuses calls", "unreachable"]

_PREFIX = re.compile(r"[A-Za-z0-9._-]+")
_log = logging.getLogger(__name__)


class Store:
    """The control keys of one installation, all in one hash slot.

    Attributes:
        reachable: Whether the last call was answered. The followers of map and directory call several times a second.

    Raises:
        ValueError: the prefix holds anything but letters, digits, dots, hyphens and underscores.
    """

    def __init__(self, client: Client, where: Location, prefix: str) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError("the prefix of Redis keys is made of letters, digits, '.', '-' and '_'")
        self.client = client
        self.reachable = False
        self._where = where
        self._prefix = prefix
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self._lost_at: float | None = None
        self._refusals = Refusals(_log, f"the backplane at {where}")

    def __repr__(self) -> str:
        return f"<Store {self._where}, {self.state}>"

    @property
    def state(self) -> State:
        """How it stands: one that is full is there, and refuses all that writes."""
        if not self.reachable:
            return "unreachable"
        return "refuses calls" if self._refusals.are_fresh else "reachable"

    def key(self, *names: str) -> str:
        """Return the key of these names. Names of others go in with their length, so that no two keys are alike."""
        first, *others = names
        return ":".join([f"{{{self._prefix}}}", first, *(f"{len(name)}:{name}" for name in others)])

    def keys(self, *names: str) -> list[str]:
        """Return the keys of these names, after the one of the epoch."""
        return [self.key("epoch"), *map(self.key, names)]

    async def call(self, script: Script, keys: Sequence[str], *arguments: str | bytes) -> Answer:
        """Run a script and return its answer; it gets a random word before the other arguments.

        Raises:
            Unavailable: it was not answered in time, or refused; it may have run.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS), self._calls:
                answer = await self._run(script, [*keys, secrets.token_hex(8), *arguments], len(keys))
        except (TimeoutError, OSError, RedisError) as error:
            self._failed(error)
            raise Unavailable("the backplane cannot be reached") from error
        self._answered()
        return answer

    async def _run(self, script: Script, words: Sequence[str | bytes], keys: int) -> Answer:
        execute = cast("Any", self.client).execute_command
        try:
            return await execute("EVALSHA", script.digest, keys, *words)
        except NoScriptError:
            return await execute("EVAL", script.text, keys, *words)

    def _answered(self) -> None:
        self.reachable = True
        if self._lost_at is not None:
            _log.warning("the backplane at %s is back after %.1f s", self._where, time.monotonic() - self._lost_at)
            self._lost_at = None

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ResponseError) and not isinstance(error, ClusterDownError | ReadOnlyError):
            self._refusals.note(error)
            self._answered()
            return
        self.reachable = False
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            _log.warning("the backplane at %s cannot be reached: %s", self._where, str(error) or type(error).__name__)
