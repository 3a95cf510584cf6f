"""How people come in and go out: what the REST API and the console do alike, with limits and cookies."""

from fastapi import Request, Response

from accounts.invitations.service import Invitations, Preview
from accounts.password_resets.service import PasswordResets
from accounts.rest.cookies import Cookie
from accounts.rest.guards import address_of, check_origin
from accounts.sessions.attempts import MAILS_PER_EMAIL, Attempts
from accounts.sessions.log_ins import CodeNeeded, LogIns
from accounts.sessions.member import Peer
from accounts.sessions.service import Sessions
from accounts.signups.service import SignUps
from accounts.users.emails import as_kept
from accounts.users.service import LoggedIn, Users


class Entrance:
    """Lets people in and out. Each call refuses another site's page, and counts tries by e-mail and true address."""

    def __init__(
        self,
        users: Users,
        sign_ups: SignUps,
        log_ins: LogIns,
        password_resets: PasswordResets,
        invitations: Invitations,
        sessions: Sessions,
        cookie: Cookie,
    ) -> None:
        self._users = users
        self._sign_ups = sign_ups
        self._log_ins = log_ins
        self._password_resets = password_resets
        self._invitations = invitations
        self._sessions = sessions
        self._cookie = cookie
        self._guesses = Attempts()
        self._mails = Attempts(per_email=MAILS_PER_EMAIL)

    async def sign_up(self, request: Request, email: str, password: str, account_name: str) -> LoggedIn | None:
        """Sign somebody up; None where a mail asks to confirm it. See `SignUps.sign_up` for errors.

        Raises:
            TooManyLogins: there were too many tries lately.
        """
        check_origin(request)
        self._mails.count(address_of(request), as_kept(email) or email)
        return await self._sign_ups.sign_up(email, password, account_name, peer_of(request))

    async def confirm_sign_up(self, request: Request, token: str) -> LoggedIn:
        """Make the account of a sign-up. See `SignUps.confirm` for errors."""
        check_origin(request)
        self._guesses.count_address(address_of(request))
        return await self._sign_ups.confirm(token, peer_of(request))

    async def confirm_email(self, request: Request, token: str) -> None:
        """Confirm the e-mail that a token was sent to. See `Users.confirm` for errors."""
        check_origin(request)
        self._guesses.count_address(address_of(request))
        await self._users.confirm(token, address_of(request))

    async def log_in(self, request: Request, email: str, password: str, code: str = "") -> LoggedIn | CodeNeeded:
        """Begin a new log-in, or ask for a code. See `LogIns.log_in` for errors.

        Raises:
            TooManyLogins: there were too many tries lately.
        """
        check_origin(request)
        email = as_kept(email) or email
        self._guesses.count(address_of(request), email)
        found = await self._log_ins.log_in(email, password, peer_of(request), code)
        if isinstance(found, LoggedIn):
            self._guesses.forgive(address_of(request), email)
        return found

    async def show_code(self, request: Request, ticket: str, code: str) -> LoggedIn:
        """Begin a new log-in with the code that was asked for. See `LogIns.show_code` for errors."""
        check_origin(request)
        email = self._log_ins.email_of(ticket)
        self._guesses.count(address_of(request), email)
        logged_in = await self._log_ins.show_code(ticket, code, peer_of(request))
        self._guesses.forgive(address_of(request), email)
        return logged_in

    async def preview_invitation(self, request: Request, token: str) -> Preview:
        """Return what a token invites to. See `Invitations.preview` for errors."""
        check_origin(request)
        self._guesses.count_address(address_of(request))
        return await self._invitations.preview(token)

    async def accept_invitation(self, request: Request, token: str, password: str | None) -> LoggedIn:
        """Accept an invitation, as somebody new where a password is given; see `Invitations` for errors.

        The secret is empty where the browser keeps the log-in that it has.

        Raises:
            Unauthenticated: there is neither a password nor a log-in.
        """
        check_origin(request)
        self._guesses.count_address(address_of(request))
        if password is not None:
            return await self._invitations.accept_as_new(token, password, peer_of(request))
        person = await self._sessions.member(self._cookie.secret(request), address_of(request))
        return await self._invitations.accept(person, token)

    async def let_in(self, request: Request, response: Response, logged_in: LoggedIn) -> None:
        """Give a new log-in to the browser; the one that it had before ends."""
        await self._sessions.end(self._cookie.secret(request), address_of(request))
        self._cookie.set(response, logged_in.secret)

    async def let_out(self, request: Request, response: Response) -> None:
        """End the log-in of a browser."""
        check_origin(request)
        await self._sessions.end(self._cookie.secret(request), address_of(request))
        self._cookie.clear(response)

    async def ask_for_password(self, request: Request, email: str) -> None:
        """Send a mail with which its reader may set a new password, if somebody has this e-mail.

        Raises:
            TooManyLogins: there were too many tries lately.
        """
        check_origin(request)
        self._mails.count(address_of(request), as_kept(email) or email)
        await self._password_resets.ask(email)

    async def reset_password(self, request: Request, token: str, new_password: str) -> None:
        """Set a new password. See `PasswordResets.reset` for errors."""
        check_origin(request)
        self._guesses.count_address(address_of(request))
        email = await self._password_resets.reset(token, new_password, address_of(request))
        self._guesses.forgive(address_of(request), email)


def peer_of(request: Request) -> Peer:
    """Return the other end of a request's connection."""
    return Peer(address_of(request), request.headers.get("user-agent", ""))
