"""REST: the person who has logged in."""

from fastapi import APIRouter, Request, status

from accounts.rest.descriptions import refusals
from accounts.rest.entrance import Entrance
from accounts.rest.guards import Person
from accounts.rest.late_route import LateRoute
from accounts.second_factors.service import SecondFactors
from accounts.users.schemas import ByToken, PasswordChange, UserInfo
from accounts.users.service import Users


def routes(users: Users, second_factors: SecondFactors, entrance: Entrance) -> APIRouter:
    """Return the endpoints for the person who has logged in."""
    router = APIRouter(prefix="/v1", tags=["you"], route_class=LateRoute)

    @router.get("/user")
    async def describe(person: Person) -> UserInfo:
        """Describe yourself."""
        return UserInfo.of(await users.get(person.user_id), await second_factors.state(person.user_id))

    @router.post("/user/password", status_code=status.HTTP_204_NO_CONTENT)
    async def change_password(body: PasswordChange, person: Person) -> None:
        """Change your password. Every other log-in of yours ends."""
        await users.change_password(person, body.password, body.new_password)

    @router.post("/user/confirmation", status_code=status.HTTP_204_NO_CONTENT)
    async def ask_to_confirm(person: Person) -> None:
        """Have a mail sent with which you confirm your e-mail; nothing is sent where it is confirmed."""
        await users.ask_to_confirm(person)

    @router.post("/email-confirmation", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(401))
    async def confirm(body: ByToken, request: Request) -> None:
        """Confirm an e-mail with the token that was sent to it."""
        await entrance.confirm_email(request, body.token)

    return router
