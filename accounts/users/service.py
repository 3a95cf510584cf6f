"""People: how they are made, and what they may change of themselves."""

import time
from dataclasses import dataclass

from accounts import audit
from accounts.audit import SYSTEM, Actor
from accounts.database import Database, Transaction
from accounts.identifiers import hashed, new_id, new_secret
from accounts.mail.service import Mails
from accounts.memberships import repository as memberships
from accounts.roles.system import OWNER
from accounts.sessions.attempts import Attempts
from accounts.sessions.member import Member, Peer
from accounts.sessions.service import Sessions
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.names import checked_account_name
from accounts.tenants.plans import OPEN, PLANS
from accounts.users import repository
from accounts.users.emails import as_kept, normalised
from accounts.users.models import User, UserToken
from accounts.users.passwords import Passwords, check_password
from api.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied, Unauthenticated

CONFIRM_EMAIL = "confirm_email"
CONFIRM_HOURS = 24


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A person, the account that they work in, and the secret of the log-in that has begun.

    The secret is empty where somebody was made on the machine, and nobody has logged in.
    """

    account_id: str
    user_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a person and their first account are made of.

    Attributes:
        email: In its normalised form.
        is_confirmed: Somebody has shown to read what is sent to the e-mail, or vouches for it.
    """

    email: str
    password_hash: str
    account_name: str
    plan: str = OPEN
    is_confirmed: bool = False


class Users:
    """People."""

    def __init__(
        self, database: Database, snapshots: Snapshots, sessions: Sessions, passwords: Passwords, mails: Mails
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._sessions = sessions
        self._passwords = passwords
        self._mails = mails
        self._guesses = Attempts()

    async def sign_up(
        self, email: str, password: str, account_name: str, plan: str = OPEN, peer: Peer | None = None
    ) -> LoggedIn:
        """Make an account with its first owner, who is logged in then; nobody is asked to confirm.

        Without `peer` it is somebody on the machine who does it, and who vouches for the e-mail.

        Raises:
            InvalidArgument: the e-mail, the password, the name or the plan cannot be one.
            AlreadyExists: somebody has signed up with this e-mail.
        """
        email, name = normalised(email), checked_account_name(account_name)
        check_password(password)
        if plan not in PLANS:
            raise InvalidArgument(f"there is no plan '{plan}'; the plans are {', '.join(PLANS)}")
        user = NewUser(email, await self._passwords.hash(password), name, plan, is_confirmed=peer is None)
        async with self._database.transaction() as session:
            made = await self.make(session, user, peer)
        await self._snapshots.announce(made.account_id)
        return made

    async def make(self, session: Transaction, new: NewUser, peer: Peer | None) -> LoggedIn:
        """Make a person and their account within a transaction; its snapshot is to be published after it.

        Raises:
            AlreadyExists: somebody has signed up with this e-mail; the transaction is of no use any more.
        """
        account_id, user_id = new_id("acc"), new_id("user")
        user = User(
            id=user_id,
            email=new.email,
            password_hash=new.password_hash,
            confirmed_at=int(time.time()) if new.is_confirmed else None,
        )
        if not await repository.add(session, user):
            raise AlreadyExists("somebody has signed up with this e-mail; log in instead")
        await tenants.add(session, account_id, new.account_name, new.plan)
        memberships.add(session, account_id, user_id, OWNER)
        actor = SYSTEM if peer is None else Actor("user", user_id, peer.address)
        after = {"name": new.account_name, "plan": new.plan, "owner": new.email}
        audit.record(session, actor, account_id, "account.created", account_id, after=after)
        secret = "" if peer is None else self._sessions.begin(session, user_id, account_id, peer)
        return LoggedIn(account_id, user_id, secret)

    async def get(self, user_id: str) -> User:
        """Return a person.

        Raises:
            NotFound: there is no such person.
        """
        async with self._database.reading() as session:
            return await _existing(session, user_id)

    async def account_of(self, email: str) -> str:
        """Return the account that a person with this e-mail logs in to.

        Raises:
            NotFound: there is no such person.
        """
        async with self._database.reading() as session:
            user = await repository.by_email(session, as_kept(email))
            membership = None if user is None else await memberships.first_of(session, user.id)
        if membership is None:
            raise NotFound(f"nobody has signed up as '{email}'; make an account first")
        return membership.account_id

    async def require_password(self, person: Member, password: str) -> None:
        """Go on where a person who has logged in shows the password once more.

        Raises:
            PermissionDenied: it is wrong.
            TooManyLogins: it was wrong too often lately.
        """
        self._guesses.count(person.actor.address, person.user_id)
        user = await self.get(person.user_id)
        if not await self._passwords.matches(password, user.password_hash):
            raise PermissionDenied("the password is wrong")
        self._guesses.forgive(person.actor.address, person.user_id)

    async def change_password(self, person: Member, password: str, new_password: str) -> None:
        """Change the password; every other log-in of the person ends.

        Raises:
            PermissionDenied: the present password is wrong.
            InvalidArgument: the new one cannot be one.
        """
        check_password(new_password)
        await self.require_password(person, password)
        password_hash = await self._passwords.hash(new_password)
        async with self._database.transaction() as session:
            ended = await self._sessions.end_others(session, person.user_id, person.session_id)
            await self.set_password(session, person.actor, person.user_id, password_hash)
        await self._sessions.tell(ended)

    async def set_password(self, session: Transaction, actor: Actor, user_id: str, password_hash: str) -> str:
        """Keep a new password, within a transaction, and tell the person of it by e-mail; return that."""
        user = await _existing(session, user_id)
        await repository.set_password(session, user_id, password_hash)
        await record_for(session, actor, user_id, "user.password_changed")
        self._mails.add(session, user.email, "password-changed", email=user.email)
        return user.email

    async def ask_to_confirm(self, person: Member) -> None:
        """Send a mail that lets a person confirm the e-mail; nothing happens where that was done already."""
        token, expires_at = new_secret(), int(time.time()) + CONFIRM_HOURS * 3600
        async with self._database.transaction() as session:
            user = await _existing(session, person.user_id)
            if user.confirmed_at is not None:
                return
            await repository.remove_tokens(session, user.id, CONFIRM_EMAIL)
            kept = UserToken(token_hash=hashed(token), user_id=user.id, purpose=CONFIRM_EMAIL, expires_at=expires_at)
            repository.add_token(session, kept)
            await record_for(session, person.actor, user.id, "user.confirmation_requested")
            self._mails.add(session, user.email, "confirm-email", token=token, hours=CONFIRM_HOURS)

    async def confirm(self, token: str, address: str) -> None:
        """Confirm the e-mail that a token was sent to.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
        """
        now = int(time.time())
        async with self._database.transaction() as session:
            user_id = await repository.take_token(session, hashed(token), CONFIRM_EMAIL, now)
            if user_id is not None:
                await repository.confirm(session, user_id, now)
                await record_for(session, Actor("user", user_id, address), user_id, "user.confirmed")
        if user_id is None:
            raise Unauthenticated("the token was used, or has expired; ask for another mail")


async def record_for(session: Transaction, actor: Actor, user_id: str, action: str) -> None:
    """Note what a person changed of themselves, in the log of each account that they are a member of."""
    for account_id in await memberships.accounts_of(session, user_id):
        audit.record(session, actor, account_id, action, user_id)


async def _existing(session: Transaction, user_id: str) -> User:
    user = await repository.get(session, user_id)
    if user is None:
        raise NotFound("you are not known here any more")
    return user
