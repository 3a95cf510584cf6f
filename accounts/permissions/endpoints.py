"""REST: what a credential may do, and who may do something."""

from fastapi import APIRouter

from accounts.permissions import rules
from accounts.permissions.schemas import Check, Decision, TopicQuestion, Who
from accounts.permissions.service import Permissions
from accounts.rest.descriptions import refusals
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(permissions: Permissions) -> APIRouter:
    """Return the endpoints that ask and change nothing."""
    router = APIRouter(prefix="/v1/permissions", tags=["permissions"], route_class=LateRoute)

    @router.post("/check", responses=refusals(404))
    async def check(body: Check, member: AnyMember) -> Decision:
        """Say whether a token, a key, a role or a list of rules may publish or subscribe to a topic.

        The answer is the one that routers give at this moment, with the rule that decides.
        """
        account_id, question = member.account_id, body.question
        if body.credential is not None:
            return Decision.of(await permissions.of_credential(account_id, body.credential, question))
        if body.key_id is not None:
            return Decision.of(await permissions.of_key(account_id, body.key_id, question))
        if body.role_id is not None:
            return Decision.of(await permissions.of_role(account_id, body.role_id, question))
        return Decision.of(await permissions.of_rules(account_id, rules.read(body.permissions or ()), question))

    @router.post("/who", responses=refusals(404))
    async def who(body: TopicQuestion, member: AnyMember, paging: Paging) -> Who:
        """Say which roles, keys and members may publish or subscribe to a topic. Tokens are kept nowhere."""
        return Who.of(await permissions.who(member.account_id, body.question, paging))

    return router
