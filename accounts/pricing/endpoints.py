"""REST: price plans, and whom invoices are for."""

from fastapi import APIRouter, status

from accounts.pricing.profiles import Profiles
from accounts.pricing.schemas import (
    Held,
    HeldPlans,
    PlanChoice,
    PlanInfo,
    Plans,
    PlanVersions,
    Profile,
    ProfileChange,
)
from accounts.pricing.service import Pricing
from accounts.rest.descriptions import refusals
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(pricing: Pricing, profiles: Profiles) -> APIRouter:
    """Return the endpoints for plans."""
    router = APIRouter(prefix="/v1", tags=["billing"], route_class=LateRoute)

    @router.get("/plans")
    async def list_plans(_: AnyMember, paging: Paging) -> Plans:
        """List the plans that an account may choose, each in its newest version."""
        page = await pricing.page(paging, public_only=True)
        return Plans(plans=[PlanInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.get("/plans/{plan_id}")
    async def versions(plan_id: str, member: AnyMember) -> PlanVersions:
        """Show the versions of a plan that an account may choose or has had, the oldest first."""
        had = {(each.plan.id, each.plan.version) for each in await pricing.held_by(member.account_id)}
        *older, newest = await pricing.versions(plan_id)
        rows = [row for row in older if (row.id, row.version) in had]
        rows += [newest] if newest.public or (newest.id, newest.version) in had else []
        return PlanVersions(plans=[PlanInfo.of(row) for row in rows])

    @router.get("/billing/plan")
    async def held(member: AnyMember) -> HeldPlans:
        """Show which plans the account has had, has, and is to have."""
        return HeldPlans(plans=[Held.of(each) for each in await pricing.held_by(member.account_id)])

    @router.post("/billing/plan", status_code=status.HTTP_201_CREATED, responses=refusals(404))
    async def choose(body: PlanChoice, member: AnyMember) -> Held:
        """Choose a plan in its newest version, or keep the version that the account has.

        It holds from the beginning of this quarter of an hour where the present plan charges nothing, and otherwise
        from the next one, or from the next month where one of the two has tiers or a minimum: no unit becomes cheaper
        than under either. Whoever has a plan by agreement asks an operator.
        """
        member.require_change()
        chosen = await pricing.assign(
            member.account_id, member.actor, body.plan_id, body.version, body.when, any_plan=False
        )
        return Held.of(chosen)

    @router.get("/billing/profile")
    async def profile(member: AnyMember, tag: Tagging) -> Profile:
        """Show whom the account's invoices are for, its time zone and its tax."""
        return tag(Profile.of(await profiles.read(member.account_id)))

    @router.patch("/billing/profile")
    async def change(body: ProfileChange, member: AnyMember, matching: Matching, tag: Tagging) -> Profile:
        """Change whom invoices are for. Those that are final stay as they are."""
        member.require_change()
        changes = body.model_dump(exclude_none=True)
        changed = await profiles.change(
            member.account_id, member.actor, changes, lambda customer: matching.require(Profile.of(customer))
        )
        return tag(Profile.of(changed))

    return router
