"""REST: operators who look at accounts."""

from fastapi import APIRouter, status

from accounts.impersonations.schemas import ImpersonationInfo, MadeImpersonation, NewImpersonation
from accounts.impersonations.schemas import Impersonations as ImpersonationList
from accounts.impersonations.service import Impersonations
from accounts.operators.guard import ByOperator
from accounts.rest.late_route import LateRoute


def routes(impersonations: Impersonations) -> APIRouter:
    """Return the endpoints for looks at accounts."""
    router = APIRouter(prefix="/v1/admin", tags=["operators"], route_class=LateRoute)

    @router.post("/accounts/{account_id}/impersonations", status_code=status.HTTP_201_CREATED)
    async def begin(account_id: str, body: NewImpersonation, operator: ByOperator) -> MadeImpersonation:
        """Look at an account as a viewer would, for an hour. Its audit log tells its members so."""
        token, row = await impersonations.begin(account_id, operator.actor, body.reason)
        return MadeImpersonation(token=token, impersonation=ImpersonationInfo.of(row))

    @router.get("/impersonations")
    async def list_impersonations(_: ByOperator) -> ImpersonationList:
        """List the looks that have not ended."""
        return ImpersonationList(impersonations=[ImpersonationInfo.of(row) for row in await impersonations.list()])

    @router.delete("/impersonations/{impersonation_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def end(impersonation_id: str, operator: ByOperator) -> None:
        """End a look; its token is of no use any more."""
        await impersonations.end(impersonation_id, operator.actor)

    return router
