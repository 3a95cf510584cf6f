"""A new password for somebody who has forgotten it: whoever reads what is sent to the e-mail may set one."""

import time
from collections.abc import Callable

from accounts.audit import Actor
from accounts.database import Database
from accounts.identifiers import hashed, new_secret
from accounts.mail.service import Mails
from accounts.sessions.service import Sessions
from accounts.users import repository
from accounts.users.emails import as_kept
from accounts.users.models import UserToken
from accounts.users.passwords import Passwords, check_password
from accounts.users.service import Users
from api.errors import Unauthenticated

PURPOSE = "password_reset"
VALID_MINUTES = 60


class PasswordResets:
    """Sends tokens that let their owners set a new password, and takes them back."""

    def __init__(
        self,
        database: Database,
        users: Users,
        sessions: Sessions,
        passwords: Passwords,
        mails: Mails,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._mails = mails
        self._now = now

    async def ask(self, email: str) -> None:
        """Send a token to the owner of an e-mail. Where nobody has it, the same is done, and nothing is sent."""
        now, token = int(self._now()), new_secret()
        async with self._database.transaction() as session:
            await repository.remove_expired_tokens(session, now)
            user = await repository.by_email(session, as_kept(email))
            user_id, recipient = (None, None) if user is None else (user.id, user.email)
            await repository.remove_tokens(session, user_id, PURPOSE)
            expires_at = now + VALID_MINUTES * 60
            repository.add_token(
                session, UserToken(token_hash=hashed(token), user_id=user_id, purpose=PURPOSE, expires_at=expires_at)
            )
            self._mails.add(session, recipient, "password-reset", token=token, minutes=VALID_MINUTES)

    async def reset(self, token: str, new_password: str, address: str) -> str:
        """Set a new password with a token, and return the e-mail whose password it is.

        Every log-in of the person ends, and the e-mail counts as confirmed.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
            InvalidArgument: the password cannot be one; the token is not used up then.
        """
        check_password(new_password)
        password_hash, now = await self._passwords.hash(new_password), int(self._now())
        async with self._database.transaction() as session:
            user_id = await repository.take_token(session, hashed(token), PURPOSE, now)
            if user_id is None:
                raise Unauthenticated("the token was used, or has expired; ask for another mail")
            ended = await self._sessions.end_others(session, user_id)
            email = await self._users.set_password(session, Actor("user", user_id, address), user_id, password_hash)
            await repository.confirm(session, user_id, now)
        await self._sessions.tell(ended)
        return email
