"""What can be done with second factors."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from accounts.database import Database, Transaction
from accounts.encryption import MasterKeys
from accounts.identifiers import hashed
from accounts.mail.service import Mails
from accounts.second_factors import codes, repository
from accounts.second_factors.models import SecondFactor
from accounts.sessions.attempts import Attempts
from accounts.sessions.member import Member
from accounts.users import repository as users_kept
from accounts.users.service import Users, record_for
from api.errors import AlreadyExists, NotFound, PermissionDenied


@dataclass(frozen=True, slots=True)
class State:
    """How a person's second factor stands."""

    is_on: bool
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A secret for an authenticator, which is asked for once a code of it was shown.

    Attributes:
        uri: The same, as authenticators take it in.
    """

    secret: str
    uri: str


class SecondFactors:
    """The authenticators of people."""

    def __init__(
        self,
        database: Database,
        users: Users,
        master_keys: MasterKeys,
        mails: Mails,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._users = users
        self._master_keys = master_keys
        self._mails = mails
        self._now = now
        self._guesses = Attempts()

    async def state(self, user_id: str) -> State:
        """Return whether a person is asked for a code, and what is left of the recovery codes."""
        async with self._database.reading() as session:
            factor = await repository.get(session, user_id)
            left = await repository.count_codes(session, user_id)
        return State(factor is not None and factor.confirmed_at is not None, left)

    async def begin(self, person: Member, password: str) -> Begun:
        """Make a secret for an authenticator; nothing is asked for before a code of it was shown.

        Raises:
            PermissionDenied: the password is wrong.
            AlreadyExists: there is one already.
        """
        await self._users.require_password(person, password)
        user, secret = await self._users.get(person.user_id), codes.new_secret()
        async with self._database.transaction() as session:
            factor = await repository.get(session, person.user_id)
            if factor is not None and factor.confirmed_at is not None:
                raise AlreadyExists("there is a second factor already; remove it first")
            sealed = self._master_keys.encrypt(secret.encode(), _purpose(person.user_id))
            await repository.put(session, SecondFactor(user_id=person.user_id, sealed_secret=sealed, last_step=0))
            await record_for(session, person.actor, person.user_id, "user.second_factor_begun")
        return Begun(secret, codes.uri(secret, user.email))

    async def confirm(self, person: Member, code: str) -> list[str]:
        """Ask for codes from now on; return the recovery codes, which are shown this once.

        Raises:
            NotFound: none was begun.
            AlreadyExists: that was done before.
            PermissionDenied: the code is wrong.
            TooManyLogins: it was wrong too often lately.
        """
        async with self._database.transaction() as session:
            factor = await repository.get(session, person.user_id)
            if factor is None:
                raise NotFound("no second factor was begun")
            if factor.confirmed_at is not None:
                raise AlreadyExists("the second factor is confirmed already")
            if not await self.uses(session, person.user_id, code, person.actor.address):
                raise PermissionDenied("the code is wrong; look at the clocks of the authenticator and of the service")
            await repository.confirm(session, person.user_id, int(self._now()))
            made = await self._renewed(session, person.user_id)
            await self._tell(session, person, "user.second_factor_added", "added")
        return made

    async def renew_codes(self, person: Member, password: str, code: str) -> list[str]:
        """Make new recovery codes in place of the old ones.

        Raises:
            NotFound: there is no second factor.
            PermissionDenied: the password or the code is wrong.
            TooManyLogins: one of them was wrong too often lately.
        """
        await self._users.require_password(person, password)
        async with self._database.transaction() as session:
            await self._require(session, person, code)
            made = await self._renewed(session, person.user_id)
            await record_for(session, person.actor, person.user_id, "user.recovery_codes_renewed")
        return made

    async def remove(self, person: Member, password: str, code: str) -> None:
        """Ask for no code any more. See `renew_codes` for errors."""
        await self._users.require_password(person, password)
        async with self._database.transaction() as session:
            await self._require(session, person, code)
            await repository.remove(session, person.user_id)
            await self._tell(session, person, "user.second_factor_removed", "removed")

    async def uses(self, session: Transaction, user_id: str, code: str, address: str) -> bool:
        """Use a code of a person's authenticator, or a recovery code, up; return whether it was one.

        Codes are counted apart from passwords, wherever they are asked for: who knows the password, or has reset it,
        gets no more tries by showing it.

        Raises:
            TooManyLogins: too many were wrong lately.
        """
        factor = await repository.get(session, user_id)
        if factor is None:
            return False
        self._guesses.count(address, user_id)
        is_right = await self._matches(session, factor, codes.plain(code))
        if is_right:
            self._guesses.forgive(address, user_id)
        return is_right

    async def _matches(self, session: Transaction, factor: SecondFactor, text: str) -> bool:
        user_id = factor.user_id
        secret = self._master_keys.decrypt(factor.sealed_secret, _purpose(user_id)).decode()
        step = codes.step_of(secret, text, self._now())
        if step is not None:
            return await repository.use_step(session, user_id, step)
        return await repository.use_code(session, user_id, hashed(text))

    async def _require(self, session: Transaction, person: Member, code: str) -> None:
        factor = await repository.get(session, person.user_id)
        if factor is None or factor.confirmed_at is None:
            raise NotFound("there is no second factor")
        if not await self.uses(session, person.user_id, code, person.actor.address):
            raise PermissionDenied("the code is wrong, or was used already")

    async def _renewed(self, session: Transaction, user_id: str) -> list[str]:
        made = codes.new_recovery_codes()
        await repository.replace_codes(session, user_id, [hashed(codes.plain(code)) for code in made])
        return made

    async def _tell(self, session: Transaction, person: Member, action: str, change: str) -> None:
        await record_for(session, person.actor, person.user_id, action)
        user = await users_kept.get(session, person.user_id)
        if user is not None:
            self._mails.add(session, user.email, "second-factor-changed", email=user.email, change=change)


def _purpose(user_id: str) -> str:
    return f"second factor of {user_id}"
