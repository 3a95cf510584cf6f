"""Signing up and logging in."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from accounts import audit
from accounts.audit import SYSTEM, Actor
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.memberships import repository as memberships
from accounts.roles.system import OWNER
from accounts.sessions.service import Sessions
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.plans import OPEN, PLANS
from accounts.users import repository
from accounts.users.models import User
from accounts.users.passwords import Passwords
from api.errors import AlreadyExists, InvalidArgument, NotFound, Unauthenticated

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256
LONGEST_ACCOUNT_NAME = 255


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new account, its first member, and the secret of the log-in that begins with it."""

    account_id: str
    user_id: str
    secret: str


class Users:
    """People, and how they come in."""

    def __init__(self, database: Database, snapshots: Snapshots, sessions: Sessions, passwords: Passwords) -> None:
        self._database = database
        self._snapshots = snapshots
        self._sessions = sessions
        self._passwords = passwords

    async def sign_up(
        self, email: str, password: str, account_name: str, plan: str = OPEN, address: str | None = None
    ) -> SignedUp:
        """Make an account with its first owner, who is logged in then.

        `address` is the network address that the request comes from; None for a command on the machine.

        Raises:
            InvalidArgument: the e-mail, the password, the name or the plan cannot be one.
            AlreadyExists: somebody has signed up with this e-mail.
        """
        email, name = normalised(email), checked_account_name(account_name)
        check_password(password)
        if plan not in PLANS:
            raise InvalidArgument(f"there is no plan '{plan}'; the plans are {', '.join(PLANS)}")
        password_hash = await self._passwords.hash(password)
        account_id, user_id = new_id("acc"), new_id("user")
        async with self._database.transaction() as session:
            if not await repository.add(session, User(id=user_id, email=email, password_hash=password_hash)):
                raise AlreadyExists("somebody has signed up with this e-mail; log in instead")
            await tenants.add(session, account_id, name, plan)
            memberships.add(session, account_id, user_id, OWNER)
            actor = SYSTEM if address is None else Actor("user", user_id, address)
            after = {"name": name, "plan": plan, "owner": email}
            audit.record(session, actor, account_id, "account.created", account_id, after=after)
            secret = self._sessions.begin(session, user_id, account_id)
        await self._snapshots.publish(account_id)
        return SignedUp(account_id, user_id, secret)

    async def log_in(self, email: str, password: str, address: str) -> SignedUp:
        """Begin a new log-in, from this network address.

        Raises:
            Unauthenticated: the e-mail or the password is wrong; which of them is not told, nor felt.
        """
        async with self._database.reading() as session:
            user = await repository.by_email(session, _as_kept(email))
        kept = user.password_hash if user and len(password) <= LONGEST_PASSWORD else None
        right = await self._passwords.matches(password[:LONGEST_PASSWORD], kept)
        if user is None or not right:
            raise Unauthenticated("the e-mail or the password is wrong")
        async with self._database.transaction() as session:
            membership = await memberships.first_of(session, user.id)
            if membership is None:
                raise Unauthenticated("you are not a member of any account")
            secret = self._sessions.begin(session, user.id, membership.account_id)
            actor = Actor("user", user.id, address)
            audit.record(session, actor, membership.account_id, "session.begun", user.id)
        return SignedUp(membership.account_id, user.id, secret)

    async def account_of(self, email: str) -> str:
        """Return the account that a person with this e-mail logs in to.

        Raises:
            NotFound: there is no such person.
        """
        async with self._database.reading() as session:
            user = await repository.by_email(session, _as_kept(email))
            membership = None if user is None else await memberships.first_of(session, user.id)
        if membership is None:
            raise NotFound(f"nobody has signed up as '{email}'; make an account first")
        return membership.account_id


def normalised(email: str) -> str:
    """Return an e-mail in the form in which it is kept.

    Raises:
        InvalidArgument: it cannot be one.
    """
    try:
        return validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as reason:
        raise InvalidArgument(f"the e-mail cannot be one: {reason}") from reason


def _as_kept(email: str) -> str:
    try:
        return normalised(email)
    except InvalidArgument:
        return ""  # nobody has this one


def check_password(password: str) -> None:
    """Check that a password is long enough, and not so long that hashing it is an attack.

    Raises:
        InvalidArgument: it is not.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidArgument(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


def checked_account_name(name: str) -> str:
    """Return the account's name, trimmed.

    Raises:
        InvalidArgument: it is empty, too long or not printable.
    """
    trimmed = name.strip()
    if not 0 < len(trimmed) <= LONGEST_ACCOUNT_NAME or not trimmed.isprintable():
        raise InvalidArgument(f"an account's name has 1 to {LONGEST_ACCOUNT_NAME} printable characters")
    return trimmed
