"""REST: deleting one's own account."""

from fastapi import APIRouter, Request, Response, status

from accounts.administration.service import Administration
from accounts.rest.guards import Guards, Person
from accounts.rest.late_route import LateRoute
from accounts.tenants.schemas import Deletion
from accounts.tenants.service import Tenants
from accounts.users.service import Users
from api.errors import InvalidArgument


def routes(tenants: Tenants, users: Users, administration: Administration) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(prefix="/v1/account", tags=["account"], route_class=LateRoute)

    @router.delete("", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(body: Deletion, owner: Person, request: Request, response: Response) -> None:
        """Delete the account with all its data, at once and for ever. Owners alone may.

        Its log-ins, keys and tokens end, and so do their subscriptions. Usage, invoices and the audit log stay with the
        installation. People who are members of no other account are forgotten.
        """
        owner.require_owner()
        account = await tenants.describe(owner.account_id)
        if body.name != account.name:
            raise InvalidArgument(f"the account is called '{account.name}'; send that name to delete it")
        await users.require_password(owner, body.password)
        await administration.delete(owner.account_id, owner.actor)
        guards: Guards = request.app.state.guards
        guards.cookie.clear(response)

    return router
