"""REST: the second factor of the person who has logged in."""

from fastapi import APIRouter, status

from accounts.rest.descriptions import refusals
from accounts.rest.guards import Person
from accounts.rest.late_route import LateRoute
from accounts.second_factors.schemas import BegunSecondFactor, NewSecondFactor, RecoveryCodes, ShownBoth, ShownCode
from accounts.second_factors.service import SecondFactors


def routes(second_factors: SecondFactors) -> APIRouter:
    """Return the endpoints for second factors."""
    router = APIRouter(prefix="/v1/user/second-factor", tags=["you"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def begin(body: NewSecondFactor, person: Person) -> BegunSecondFactor:
        """Begin with an authenticator. No code is asked for before you have confirmed one."""
        begun = await second_factors.begin(person, body.password)
        return BegunSecondFactor(secret=begun.secret, uri=begun.uri)

    @router.post("/confirmation", responses=refusals(404))
    async def confirm(body: ShownCode, person: Person) -> RecoveryCodes:
        """Show a code of the authenticator. From now on each log-in asks for one."""
        return RecoveryCodes(recovery_codes=await second_factors.confirm(person, body.code))

    @router.post("/recovery-codes", responses=refusals(404))
    async def renew_codes(body: ShownBoth, person: Person) -> RecoveryCodes:
        """Make new recovery codes; the old ones are of no use any more."""
        return RecoveryCodes(recovery_codes=await second_factors.renew_codes(person, body.password, body.code))

    @router.post("/removal", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(404))
    async def remove(body: ShownBoth, person: Person) -> None:
        """Do without a second factor."""
        await second_factors.remove(person, body.password, body.code)

    return router
