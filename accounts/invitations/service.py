"""What can be done with invitations. Whoever has the token has read the mail, and so is who was invited."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import hashed, new_id, new_secret
from accounts.invitations import repository
from accounts.invitations.models import Invitation
from accounts.mail.service import Mails
from accounts.memberships import repository as memberships
from accounts.paging import Page, PageRequest
from accounts.sessions import repository as sessions_kept
from accounts.sessions.attempts import MAILS_PER_EMAIL, Attempts
from accounts.sessions.member import Member, Peer
from accounts.sessions.service import Sessions
from accounts.tenants import repository as tenants
from accounts.users import repository as users
from accounts.users.emails import normalised
from accounts.users.models import User
from accounts.users.passwords import Passwords, check_password
from accounts.users.service import LoggedIn
from api.errors import AlreadyExists, NotFound, PermissionDenied, TooManyInvitations, Unauthenticated

VALID_DAYS = 7
MOST_PENDING = 100


@dataclass(frozen=True, slots=True)
class Made:
    """A new invitation, and the token that was sent."""

    invitation: Invitation
    token: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What whoever has the token is told before they accept.

    Attributes:
        is_known: Somebody with this e-mail can log in already.
    """

    invitation: Invitation
    account_name: str
    is_known: bool


class Invitations:
    """The invitations to accounts."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        passwords: Passwords,
        mails: Mails,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._passwords = passwords
        self._mails = mails
        self._now = now
        self._sent = Attempts(per_email=MAILS_PER_EMAIL)

    async def invite(self, owner: Member, email: str, role_id: str) -> Made:
        """Invite somebody; an older invitation to the same e-mail is of no use any more.

        Raises:
            InvalidArgument: the e-mail cannot be one.
            AlreadyExists: somebody with this e-mail is a member.
            TooManyInvitations: as many wait as may.
            TooManyLogins: too many mails went to this e-mail, or came from this address, lately.
        """
        email = normalised(email)
        self._sent.count(owner.actor.address, email)
        now, token = int(self._now()), new_secret()
        async with self._database.transaction() as session:
            account = await tenants.get_alone(session, owner.account_id)
            inviter = await users.get(session, owner.user_id)
            if account is None or inviter is None:
                raise NotFound("the account does not exist")
            if await memberships.is_member(session, account.id, email):
                raise AlreadyExists(f"somebody with the e-mail '{email}' is a member already")
            if (have := await repository.count(session, account.id, now)) >= MOST_PENDING:
                raise TooManyInvitations(f"{have} of at most {MOST_PENDING} invitations wait; take some back")
            invitation = Invitation(
                id=new_id("invite"),
                account_id=account.id,
                email=email,
                role_id=role_id,
                token_hash=hashed(token),
                invited_by=inviter.email,
                created_at=now,
                expires_at=now + VALID_DAYS * 86400,
            )
            await repository.replace(session, invitation)
            audit.record(session, owner.actor, account.id, "invitation.sent", invitation.id, after=_audited(invitation))
            values = {"account": account.name, "role": role_id, "token": token, "days": VALID_DAYS}
            self._mails.add(session, email, "invitation", inviter=inviter.email, **values)
        return Made(invitation, token)

    async def page(self, account_id: str, asked: PageRequest) -> Page[Invitation]:
        """Return a page of the invitations that wait, in the order of their e-mails."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, int(self._now()), asked)
        return asked.page(found, lambda invitation: (invitation.email,))

    async def take_back(self, owner: Member, invitation_id: str) -> None:
        """Make an invitation useless.

        Raises:
            NotFound: there is none with this id.
        """
        async with self._database.transaction() as session:
            gone = await repository.remove(session, owner.account_id, invitation_id)
            if gone is None:
                raise NotFound(f"invitation '{invitation_id}' does not exist")
            before = _audited(gone)
            audit.record(session, owner.actor, owner.account_id, "invitation.taken_back", invitation_id, before=before)

    async def preview(self, token: str) -> Preview:
        """Return what a token invites to.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
        """
        async with self._database.reading() as session:
            invitation = _usable(await repository.by_token(session, hashed(token), int(self._now())))
            account = await tenants.get(session, invitation.account_id)
            is_known = await users.by_email(session, invitation.email) is not None
        return Preview(invitation, account.name if account else "", is_known)

    async def accept(self, person: Member, token: str) -> LoggedIn:
        """Become a member; the log-in works in the account from now on.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
            PermissionDenied: it was sent to somebody else.
            AlreadyExists: the person is a member already.
        """
        async with self._database.transaction() as session:
            invitation = _usable(await repository.take(session, hashed(token), int(self._now())))
            user = await users.get_alone(session, person.user_id)
            if user is None or user.email != invitation.email:
                raise PermissionDenied("this invitation was sent to another e-mail; log in with that one")
            await self._join(session, invitation, person.actor)
            await sessions_kept.move(session, person.session_id, invitation.account_id)
            if self._mails.has_server:
                await users.confirm(session, user.id, int(self._now()))
        return LoggedIn(invitation.account_id, person.user_id, "")

    async def accept_as_new(self, token: str, password: str, peer: Peer) -> LoggedIn:
        """Become somebody who can log in, and a member; logged in then.

        Raises:
            Unauthenticated: the token is not one, has expired or was used.
            InvalidArgument: the password cannot be one.
            AlreadyExists: somebody with this e-mail can log in already, and is to do so first.
        """
        check_password(password)
        await self.preview(token)
        user_id, password_hash, now = new_id("user"), await self._passwords.hash(password), int(self._now())
        async with self._database.transaction() as session:
            invitation = _usable(await repository.take(session, hashed(token), now))
            user = User(
                id=user_id,
                email=invitation.email,
                password_hash=password_hash,
                confirmed_at=now if self._mails.has_server else None,
            )
            if not await users.add(session, user):
                raise AlreadyExists("you have an account here already; log in, and accept the invitation then")
            await self._join(session, invitation, Actor("user", user_id, peer.address))
            secret = self._sessions.begin(session, user_id, invitation.account_id, peer)
        return LoggedIn(invitation.account_id, user_id, secret)

    async def _join(self, session: Transaction, invitation: Invitation, actor: Actor) -> None:
        account_id, after = invitation.account_id, _audited(invitation)
        if await tenants.get_alone(session, account_id) is None:
            raise NotFound("the account does not exist any more")
        if await memberships.role(session, account_id, actor.id) is not None:
            raise AlreadyExists("you are a member already")
        memberships.add(session, account_id, actor.id, invitation.role_id)
        audit.record(session, actor, account_id, "member.joined", actor.id, after=after)


def _usable(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise Unauthenticated("the invitation was accepted or taken back, or has expired; ask for another one")
    return invitation


def _audited(invitation: Invitation) -> dict[str, object]:
    return {"email": invitation.email, "role_id": invitation.role_id, "invited_by": invitation.invited_by}
