"""Logging in: a password and, where a person has a second factor, a code, at once or in a second step."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from accounts.database import Database
from accounts.encryption import CannotDecrypt, MasterKeys
from accounts.identifiers import hashed
from accounts.memberships import repository as memberships
from accounts.second_factors.service import SecondFactors
from accounts.sessions.member import Peer
from accounts.sessions.service import Sessions
from accounts.users import repository as users
from accounts.users.emails import as_kept
from accounts.users.models import User
from accounts.users.passwords import Passwords
from accounts.users.service import LoggedIn
from api.errors import Unauthenticated

TICKET_SECONDS = 300
_PURPOSE = "log-in that waits for a code"


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, and a code is asked for.

    Attributes:
        ticket: Shows that the password was right.
        expires_at: Until when it does, in epoch seconds.
    """

    ticket: str
    expires_at: int


class LogIns:
    """Lets people in."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        second_factors: SecondFactors,
        master_keys: MasterKeys,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._second_factors = second_factors
        self._master_keys = master_keys
        self._now = now

    async def log_in(self, email: str, password: str, peer: Peer, code: str = "") -> LoggedIn | CodeNeeded:
        """Begin a new log-in, or ask for a code.

        Raises:
            Unauthenticated: the e-mail or the password is wrong; which of them is not told, nor felt. Or the code is.
            TooManyLogins: codes were wrong too often lately.
        """
        async with self._database.reading() as session:
            user = await users.by_email(session, as_kept(email))
        right = await self._passwords.matches(password, None if user is None else user.password_hash)
        if user is None or not right:
            raise Unauthenticated("the e-mail or the password is wrong")
        if not (await self._second_factors.state(user.id)).is_on:
            return await self._begin(user, peer)
        if not code:
            expires_at = int(self._now()) + TICKET_SECONDS
            told = json.dumps([user.email, hashed(user.password_hash), expires_at])
            return CodeNeeded(self._master_keys.encrypt(told.encode(), _PURPOSE), expires_at)
        return await self._begin(user, peer, code)

    def email_of(self, ticket: str) -> str:
        """Return whose ticket it is.

        Raises:
            Unauthenticated: it is none, or has expired.
        """
        return self._read(ticket)[0]

    async def show_code(self, ticket: str, code: str, peer: Peer) -> LoggedIn:
        """Begin a new log-in with the code that was asked for.

        Raises:
            Unauthenticated: the ticket does not hold any more, or the code is wrong.
            TooManyLogins: codes were wrong too often lately.
        """
        email, fingerprint = self._read(ticket)
        async with self._database.reading() as session:
            user = await users.by_email(session, email)
        if user is None or hashed(user.password_hash) != fingerprint:
            raise Unauthenticated("the password was changed meanwhile; log in again")
        return await self._begin(user, peer, code)

    def _read(self, ticket: str) -> tuple[str, str]:
        try:
            email, fingerprint, expires_at = json.loads(self._master_keys.decrypt(ticket, _PURPOSE))
        except CannotDecrypt as reason:
            raise Unauthenticated("this is no ticket of a log-in; log in again") from reason
        if expires_at <= self._now():
            raise Unauthenticated("the code took too long; log in again")
        return email, fingerprint

    async def _begin(self, user: User, peer: Peer, code: str | None = None) -> LoggedIn:
        async with self._database.transaction() as session:
            if code is not None and not await self._second_factors.uses(session, user.id, code, peer.address):
                raise Unauthenticated("the code is wrong, or was used already")
            membership = await memberships.first_of(session, user.id)
            if membership is None:
                raise Unauthenticated("you are not a member of any account")
            secret = self._sessions.begin(session, user.id, membership.account_id, peer)
        return LoggedIn(membership.account_id, user.id, secret)
