"""REST: webhook endpoints for events of billing."""

from fastapi import APIRouter, status

from accounts.billing_webhooks.schemas import (
    Deliveries,
    DeliveryInfo,
    EndpointInfo,
    Endpoints,
    MadeEndpoint,
    NewEndpoint,
)
from accounts.billing_webhooks.service import BillingWebhooks
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(hooks: BillingWebhooks) -> APIRouter:
    """Return the endpoints for webhooks."""
    router = APIRouter(prefix="/v1/billing/webhooks", tags=["billing"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def add(body: NewEndpoint, member: AnyMember) -> MadeEndpoint:
        """Add an endpoint. What is sent there is signed with the secret in this answer, which is not shown again."""
        member.require_change()
        row, secret = await hooks.add(member.account_id, member.actor, body.url, body.events)
        return MadeEndpoint(**EndpointInfo.of(row).model_dump(), secret=secret)

    @router.get("")
    async def list_endpoints(member: AnyMember) -> Endpoints:
        """List the endpoints, the oldest first."""
        return Endpoints(webhooks=[EndpointInfo.of(row) for row in await hooks.list(member.account_id)])

    @router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def remove(webhook_id: str, member: AnyMember) -> None:
        """Remove an endpoint; nothing more is sent there."""
        member.require_change()
        await hooks.remove(member.account_id, member.actor, webhook_id)

    @router.post("/{webhook_id}/ping", status_code=status.HTTP_202_ACCEPTED)
    async def ping(webhook_id: str, member: AnyMember) -> None:
        """Send an event that says nothing, to try the endpoint."""
        member.require_change()
        await hooks.ping(member.account_id, webhook_id)

    @router.get("/{webhook_id}/deliveries")
    async def deliveries(webhook_id: str, member: AnyMember, paging: Paging) -> Deliveries:
        """Show what was sent to an endpoint, or is to be, the newest first."""
        page = await hooks.deliveries(member.account_id, webhook_id, paging)
        return Deliveries(deliveries=[DeliveryInfo.of(row) for row in page.items], next_token=page.next_token)

    return router
