"""REST: a new password for somebody who has forgotten it."""

from fastapi import APIRouter, Request, status

from accounts.password_resets.schemas import NewPasswordReset, PasswordReset, PasswordResetSent
from accounts.rest.descriptions import refusals
from accounts.rest.entrance import Entrance
from accounts.rest.late_route import LateRoute


def routes(entrance: Entrance) -> APIRouter:
    """Return the endpoints for new passwords."""
    router = APIRouter(prefix="/v1/password-reset", tags=["people"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_202_ACCEPTED)
    async def ask(body: NewPasswordReset, request: Request) -> PasswordResetSent:
        """Have a mail sent with which its reader may set a new password."""
        await entrance.ask_for_password(request, body.email)
        return PasswordResetSent(state="sent_if_known")

    @router.post("/confirmation", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(401))
    async def reset(body: PasswordReset, request: Request) -> None:
        """Set a new password with the token that was sent. Every log-in of yours ends."""
        await entrance.reset_password(request, body.token, body.new_password)

    return router
