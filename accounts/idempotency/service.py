"""Sees to it that a request with an idempotency key is done once at most, and answered the same each time."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from accounts.audit import Actor
from accounts.database import Database
from accounts.idempotency import repository
from accounts.idempotency.models import IdempotentRequest
from accounts.idempotency.sealing import seal, unseal
from api.errors import IdempotencyConflict, InvalidArgument

KEPT_SECONDS = 24 * 3600
RUNNING_SECONDS = 60
"""A request that has run for longer will not be answered any more: its process has ended."""

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Once:
    """One request with an idempotency key.

    Attributes:
        account_id: None for an operator of the installation.
        key: The client's idempotency key.
        credential: What the caller has shown of itself; it opens the answers that were given to it.
        fingerprint: A hash of all that the request asks for.
    """

    account_id: str | None
    actor: Actor
    key: str
    credential: str
    fingerprint: str

    @property
    def key_hash(self) -> str:
        """Under which it is kept: the same key of another caller is another one."""
        parts = (self.account_id or "", self.actor.kind, self.actor.id, self.key)
        return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


class IdempotentRequests:
    """Requests of the last day that came with an idempotency key."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def begin(self, request: Once) -> bytes | None:
        """Return the answer that was given before; None where the request is to be done now.

        Raises:
            InvalidArgument: the key cannot be one.
            IdempotencyConflict: the key came with another request, or there is no answer that could be given.
        """
        if not 0 < len(request.key) <= LONGEST_KEY or not request.key.isprintable():
            raise InvalidArgument(f"Idempotency-Key has 1 to {LONGEST_KEY} printable characters")
        now = int(self._now())
        async with self._database.transaction() as session:
            await repository.remove_before(session, now - KEPT_SECONDS)
            is_new = await repository.add_once(session, request.key_hash, request.account_id, request.fingerprint, now)
            kept = None if is_new else await repository.get(session, request.key_hash)
        return None if kept is None else _answer(kept, request, now)

    async def keep(self, request: Once, answer: bytes) -> None:
        """Keep the answer to a request that was done."""
        sealed = seal(answer, request.credential, request.key)
        async with self._database.transaction() as session:
            await repository.end(session, request.key_hash, "answered", sealed)

    async def forget(self, request: Once) -> None:
        """Forget a request that was refused: nothing was done, and the key may come again with a better one."""
        async with self._database.transaction() as session:
            await repository.remove(session, request.key_hash)

    async def give_up(self, request: Once) -> None:
        """Note that nobody can say whether a request was done."""
        async with self._database.transaction() as session:
            await repository.end(session, request.key_hash, "unknown", None)


def _answer(kept: IdempotentRequest, request: Once, now: int) -> bytes:
    if kept.fingerprint != request.fingerprint:
        raise IdempotencyConflict("this Idempotency-Key came with another request before; take a new one")
    if kept.state == "running" and now - kept.created_at <= RUNNING_SECONDS:
        raise IdempotencyConflict("a request with this Idempotency-Key is being answered now; wait, and send it again")
    if kept.answer is None:
        raise IdempotencyConflict(
            "a request with this Idempotency-Key failed on the way; look whether it was done, and take a new key"
        )
    answer = unseal(kept.answer, request.credential, request.key)
    if answer is None:
        raise IdempotencyConflict(
            "this was done already, with another log-in or key, which alone may see the answer again"
        )
    return answer
