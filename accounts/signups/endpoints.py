"""REST: signing up."""

from fastapi import APIRouter, Request, Response, status

from accounts.rest.descriptions import refusals
from accounts.rest.entrance import Entrance
from accounts.rest.late_route import LateRoute
from accounts.signups.schemas import ConfirmationSent, NewSignUp
from accounts.users.schemas import ByToken, LoggedIn


def routes(entrance: Entrance) -> APIRouter:
    """Return the endpoints for sign-ups."""
    router = APIRouter(prefix="/v1/signup", tags=["people"], route_class=LateRoute)

    @router.post(
        "",
        status_code=status.HTTP_201_CREATED,
        responses={202: {"model": ConfirmationSent, "description": "A mail asks to confirm it."}, **refusals(409)},
    )
    async def sign_up(body: NewSignUp, request: Request, response: Response) -> LoggedIn | ConfirmationSent:
        """Make an account, with you as its owner, and log in.

        Where the installation has a mail server, a mail asks to confirm that first, and nobody is logged in yet.
        """
        entered = await entrance.sign_up(request, body.email, body.password, body.account_name)
        if entered is None:
            response.status_code = status.HTTP_202_ACCEPTED
            return ConfirmationSent(state="confirmation_sent", email=body.email)
        await entrance.let_in(request, response, entered)
        return LoggedIn(account_id=entered.account_id, user_id=entered.user_id)

    @router.post("/confirmation", status_code=status.HTTP_201_CREATED, responses=refusals(401, 409))
    async def confirm(body: ByToken, request: Request, response: Response) -> LoggedIn:
        """Confirm a sign-up with the token that was sent: the account is made, and you are logged in."""
        entered = await entrance.confirm_sign_up(request, body.token)
        await entrance.let_in(request, response, entered)
        return LoggedIn(account_id=entered.account_id, user_id=entered.user_id)

    return router
