"""REST: logging in and out, the log-ins that there are, and a token for one."""

import time

from fastapi import APIRouter, Request, Response, status

from accounts.identifiers import new_id
from accounts.rest.descriptions import refusals
from accounts.rest.entrance import Entrance
from accounts.rest.guards import Person
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.sessions.log_ins import CodeNeeded as Needed
from accounts.sessions.schemas import CodeNeeded, LogIn, LogInCode, SessionInfo, SessionToken
from accounts.sessions.schemas import Sessions as SessionList
from accounts.sessions.service import Sessions
from accounts.signing.keystore import Keystore
from accounts.users.schemas import LoggedIn
from api.tokens import Claims


def routes(entrance: Entrance, sessions: Sessions, keystore: Keystore) -> APIRouter:
    """Return the endpoints for log-ins."""
    router = APIRouter(prefix="/v1", tags=["people"], route_class=LateRoute)
    _coming_and_going(router, entrance)
    _log_ins(router, sessions)

    @router.post("/session-token", status_code=status.HTTP_201_CREATED)
    async def session_token(person: Person) -> SessionToken:
        """Make a token for SDKs that may do what you may, for as long as your log-in holds.

        It ends with the log-in, and when you are no member of the account any more, or one of a lesser role.
        """
        person.require_change()
        person.require_confirmed()
        id = new_id("session")
        bound = await sessions.bind_token(person, id)
        claims = Claims(
            "session",
            person.account_id,
            id,
            int(time.time()),
            bound.until,
            user_id=person.user_id,
            ancestors=(bound.id,),
        )
        return SessionToken(session_token=keystore.sign(claims), expires_at_epoch_seconds=bound.until)

    return router


def _coming_and_going(router: APIRouter, entrance: Entrance) -> None:
    @router.post(
        "/login",
        responses={
            202: {"model": CodeNeeded, "description": "The password is right, and a code is asked for."},
            **refusals(401),
        },
    )
    async def log_in(body: LogIn, request: Request, response: Response) -> LoggedIn | CodeNeeded:
        """Log in. Who has a second factor sends a code along, or is asked for it."""
        found = await entrance.log_in(request, body.email, body.password, body.code or "")
        if isinstance(found, Needed):
            response.status_code = status.HTTP_202_ACCEPTED
            return CodeNeeded(ticket=found.ticket, expires_at_epoch_seconds=found.expires_at)
        await entrance.let_in(request, response, found)
        return LoggedIn(account_id=found.account_id, user_id=found.user_id)

    @router.post("/login/code", responses=refusals(401))
    async def show_code(body: LogInCode, request: Request, response: Response) -> LoggedIn:
        """Log in with the code that was asked for."""
        entered = await entrance.show_code(request, body.ticket, body.code)
        await entrance.let_in(request, response, entered)
        return LoggedIn(account_id=entered.account_id, user_id=entered.user_id)

    @router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
    async def log_out(request: Request, response: Response) -> None:
        """End this log-in; its cookie is of no use to anybody any more."""
        await entrance.let_out(request, response)


def _log_ins(router: APIRouter, sessions: Sessions) -> None:
    @router.get("/sessions")
    async def list_sessions(person: Person, paging: Paging) -> SessionList:
        """List your log-ins, the oldest first."""
        page = await sessions.page(person.user_id, paging)
        listed = [SessionInfo.of(session, person.session_id) for session in page.items]
        return SessionList(sessions=listed, next_token=page.next_token)

    @router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT)
    async def revoke_others(person: Person) -> None:
        """End all of your log-ins but this one."""
        await sessions.revoke_others(person)

    @router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def revoke(session_id: str, person: Person) -> None:
        """End one of your log-ins."""
        await sessions.revoke(person, session_id)
