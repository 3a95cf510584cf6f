"""REST: signing up, logging in and out, and a token for a log-in."""

import time

from fastapi import APIRouter, Request, Response, status

from accounts.identifiers import new_id
from accounts.rest.guards import Guards, Person, address_of, check_origin
from accounts.sessions.attempts import Attempts
from accounts.sessions.service import VALID_SECONDS, Sessions
from accounts.signing.keystore import Keystore
from accounts.users.schemas import LogIn, SessionToken, SignedUp, SignUp
from accounts.users.service import Users
from api.tokens import Claims


def routes(users: Users, sessions: Sessions, keystore: Keystore, guards: Guards, attempts: Attempts) -> APIRouter:
    """Return the endpoints for people."""
    router = APIRouter(prefix="/v1", tags=["people"])

    @router.post("/signup", status_code=status.HTTP_201_CREATED)
    async def sign_up(body: SignUp, request: Request, response: Response) -> SignedUp:
        """Make an account, with you as its owner, and log in."""
        check_origin(request)
        attempts.count(address_of(request), body.email)
        made = await users.sign_up(body.email, body.password, body.account_name, address=address_of(request))
        guards.cookie.set(response, made.secret)
        return SignedUp(account_id=made.account_id, user_id=made.user_id)

    @router.post("/login")
    async def log_in(body: LogIn, request: Request, response: Response) -> SignedUp:
        """Log in."""
        check_origin(request)
        attempts.count(address_of(request), body.email)
        begun = await users.log_in(body.email, body.password, address_of(request))
        attempts.forgive(body.email)
        await sessions.end(request.cookies.get(guards.cookie.name, ""))
        guards.cookie.set(response, begun.secret)
        return SignedUp(account_id=begun.account_id, user_id=begun.user_id)

    @router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
    async def log_out(request: Request, response: Response) -> None:
        """End this log-in; its cookie is of no use to anybody any more."""
        check_origin(request)
        await sessions.end(request.cookies.get(guards.cookie.name, ""))
        guards.cookie.clear(response)

    @router.post("/session-token", status_code=status.HTTP_201_CREATED)
    async def session_token(person: Person) -> SessionToken:
        """Make a token for SDKs that may do what you may, for as long as a log-in holds."""
        person.require_change()
        now = int(time.time())
        claims = Claims(
            "session", person.account_id, new_id("session"), now, now + VALID_SECONDS, user_id=person.user_id
        )
        return SessionToken(session_token=keystore.sign(claims), expires_at_epoch_seconds=now + VALID_SECONDS)

    return router
