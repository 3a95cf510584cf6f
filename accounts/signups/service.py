"""Signing up.

With a mail server the answer is the same for an e-mail that is known already; its owner alone is told.
"""

import time
from collections.abc import Callable

from accounts.database import Database
from accounts.identifiers import hashed, new_secret
from accounts.mail.service import Mails
from accounts.sessions.member import Peer
from accounts.signups import repository
from accounts.signups.models import SignUp
from accounts.snapshots import Snapshots
from accounts.tenants.names import checked_account_name
from accounts.users import repository as users_kept
from accounts.users.emails import normalised
from accounts.users.passwords import Passwords, check_password
from accounts.users.service import LoggedIn, NewUser, Users
from api.errors import Unauthenticated

VALID_HOURS = 24


class SignUps:
    """Takes sign-ups, and makes people and accounts of those that are confirmed."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        users: Users,
        passwords: Passwords,
        mails: Mails,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._users = users
        self._passwords = passwords
        self._mails = mails
        self._now = now

    async def sign_up(self, email: str, password: str, account_name: str, peer: Peer) -> LoggedIn | None:
        """Sign somebody up: at once without a mail server, else a mail asks to confirm it and None is returned.

        Raises:
            InvalidArgument: the e-mail, the password or the name cannot be one.
            AlreadyExists: without a mail server, somebody has signed up with this e-mail.
        """
        if not self._mails.has_server:
            return await self._users.sign_up(email, password, account_name, peer=peer)
        email, name = normalised(email), checked_account_name(account_name)
        check_password(password)
        password_hash = await self._passwords.hash(password)
        now, token = int(self._now()), new_secret()
        row = SignUp(
            token_hash=hashed(token),
            email=email,
            password_hash=password_hash,
            account_name=name,
            created_at=now,
            expires_at=now + VALID_HOURS * 3600,
        )
        async with self._database.transaction() as session:
            await repository.remove_expired(session, now)
            is_known = await users_kept.by_email(session, email) is not None
            repository.add(session, row)  # for one who is known too, which takes as long; nobody gets its token
            template = "sign-up-again" if is_known else "sign-up"
            self._mails.add(session, email, template, token=token, hours=VALID_HOURS)
        return None

    async def confirm(self, token: str, peer: Peer) -> LoggedIn:
        """Make the person and the account of a sign-up; the person is logged in then.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
            AlreadyExists: somebody has signed up with this e-mail meanwhile.
        """
        async with self._database.transaction() as session:
            row = await repository.take(session, hashed(token), int(self._now()))
            if row is None:
                raise Unauthenticated("the token was used, or has expired; sign up again")
            new = NewUser(row.email, row.password_hash, row.account_name, is_confirmed=True)
            made = await self._users.make(session, new, peer)
            await repository.remove_for(session, row.email)
        await self._snapshots.announce(made.account_id)
        return made
