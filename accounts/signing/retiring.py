"""The end of signing keys: when they sign no more, what still depends on them, and who is told so."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from accounts import audit
from accounts.audit import SYSTEM, Actor
from accounts.database import Database, Transaction
from accounts.jobs.service import Job
from accounts.signing import repository
from accounts.signing.models import NEVER, SHORT_SECONDS, TokenSigningKey
from accounts.signing.repository import Signed
from accounts.signing.service import TokenSigningKeys
from api.errors import AlreadyExists, InUse, NotFound

EVERY_SECONDS = 3600
SETTLE_SECONDS = 3600
"""So much later than by its own clock a service takes others to have seen that a key signs no more."""

MOST_DETAILS = 100

State = Literal["published", "signing", "verifying"]


@dataclass(frozen=True, slots=True)
class Life:
    """How a key stands, and what would stop to work without it.

    Attributes:
        state: `published`: routers know it, and it will sign. `verifying`: another one signs by now.
        signed_until: Epoch seconds in which the next one began to sign; None while it signs or will.
        api_keys: API keys that it has signed and that hold.
        tokens: Others that it has signed, and may hold; those for no longer than a day are not counted.
    """

    row: TokenSigningKey
    state: State
    signed_until: int | None
    api_keys: Signed
    tokens: Signed

    @property
    def needed_until(self) -> int | None:
        """The epoch second in which the last of its tokens ends that is known of; None where one never does."""
        signed_until = self.signed_until or NEVER
        until = max(signed_until + SHORT_SECONDS, self.api_keys.until, self.tokens.until)
        return None if until >= NEVER else until

    def problem(self, now: int) -> str:
        """Return why the key is not to be retired; an empty text where nothing would stop to work."""
        if self.state == "published":
            return ""
        if self.row.from_file:
            return "it may have signed tokens that nobody has counted: it comes from a version that kept keys in files"
        if self.api_keys.count or self.tokens.count:
            return f"it has signed {self.api_keys.count} API keys and {self.tokens.count} other tokens that may hold"
        if now < (self.needed_until or NEVER):
            return "disposable tokens that it has signed may hold"
        return ""


class SigningKeyLives:
    """Ends keys, by schedule and by hand.

    Args:
        days: After how many days another key signs; 0 for never.
    """

    def __init__(
        self, database: Database, keys: TokenSigningKeys, days: int, now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._keys = keys
        self._days = days
        self._now = now

    async def list(self) -> Sequence[Life]:
        """Return the keys that were not retired, the oldest first."""
        async with self._database.reading() as session:
            return await self._lives(session)

    async def retire(self, kid: str, actor: Actor, *, force: bool = False) -> Life:
        """Have routers refuse whatever a key has signed, and return how it stood.

        Raises:
            NotFound: there is no such key, or it was retired.
            InUse: it signs; or something would stop to work that the details name, and it is not done by `force`.
        """
        now = int(self._now())
        async with self._database.transaction() as session:
            await repository.alone(session)
            life = next((life for life in await self._lives(session) if life.row.kid == kid), None)
            if life is None:
                raise NotFound(f"signing key '{kid}' does not exist")
            if life.state == "signing":
                raise InUse(f"signing key '{kid}' signs tokens; rotate first, and retire it when another one signs")
            if not force and (problem := life.problem(now)):
                raise InUse(f"signing key '{kid}' is needed: {problem}", await self._dependents(session, life))
            self._end(session, actor, life, now)
            why = {"reason": f"signing key '{kid}' was retired"}
            for key in await repository.revoke_keys(session, kid, now):  # or their owners would take them to hold
                before = {"description": key.description, "role_id": key.role_id, "expires_at": key.expires_at}
                audit.record(session, actor, key.account_id, "api_key.revoked", key.id, before=before, after=why)
        await self._keys.refresh()
        return life

    def jobs(self) -> Sequence[Job]:
        """Return what is to be done again and again."""
        return [Job("signing_keys.tend", EVERY_SECONDS, self.tend)]

    async def tend(self) -> str:
        """Rotate when it is time, and end the keys of which nothing holds any more."""
        rotated = await self._rotate_if_old()
        retired, now = 0, int(self._now())
        async with self._database.transaction() as session:
            await repository.alone(session)
            for life in await self._lives(session):
                self._keys.seal_anew(life.row)
                if life.state != "verifying":
                    continue
                if life.row.sealed is not None and (life.signed_until or NEVER) + SETTLE_SECONDS <= now:
                    life.row.sealed = None  # nobody can sign with it any more, whatever is stolen
                if not life.problem(now - SETTLE_SECONDS):
                    self._end(session, SYSTEM, life, now)
                    retired += 1
        await self._keys.refresh()
        return f"{'a key was made' if rotated else 'no key was made'}, {retired} were retired"

    async def _rotate_if_old(self) -> bool:
        if not self._days:
            return False
        newest = max((life.row.signs_from or 0) for life in await self.list())
        if newest + self._days * 86400 > self._now():
            return False
        try:
            await self._keys.rotate(SYSTEM)
        except AlreadyExists:  # another service, or an operator, did it meanwhile
            return False
        return True

    async def _lives(self, session: Transaction) -> Sequence[Life]:
        now, found = int(self._now()), list[Life]()
        rows = await repository.in_use(session)
        begins = sorted(row.signs_from for row in rows if row.signs_from is not None)
        signing = max((begin for begin in begins if begin <= now), default=0)
        for row in rows:
            begin = row.created_at if row.signs_from is None else row.signs_from
            later = [each for each in begins if begin < each <= now]
            state: State = "verifying"
            if row.signs_from is not None and begin >= signing:
                state = "published" if begin > now else "signing"
            tokens = await repository.lasting(session, row.kid, now)
            counted = Signed(sum(each.count for each in tokens), max((each.until for each in tokens), default=0))
            api_keys = await repository.signed_keys(session, row, now)
            found.append(Life(row, state, min(later, default=None), api_keys, counted))
        return found

    def _end(self, session: Transaction, actor: Actor, life: Life, now: int) -> None:
        row = life.row
        row.retired_at, row.sealed = now, None
        before = {"state": life.state, "api_keys": life.api_keys.count, "tokens": life.tokens.count}
        audit.record(session, actor, None, "token_signing_key.retired", row.kid, before=before)

    async def _dependents(self, session: Transaction, life: Life) -> Sequence[Mapping[str, str]]:
        now = int(self._now())
        keys = await repository.some_keys(session, life.row, now, MOST_DETAILS)
        tokens = await repository.lasting(session, life.row.kid, now)
        return [
            *(
                {
                    "api_key": key.id,
                    "account_id": key.account_id,
                    "description": key.description,
                    "until": _word(key.holds_until),
                }
                for key in keys
            ),
            *(
                {"tokens": str(each.count), "account_id": each.account_id, "until": _word(each.until)}
                for each in tokens[:MOST_DETAILS]
            ),
        ]


def _word(until: int | None) -> str:
    return "never" if until is None or until >= NEVER else str(until)
