"""REST: what became of the events of webhooks."""

from fastapi import APIRouter, status

from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.webhook_deliveries.schemas import DeadLetterInfo, DeadLetterList, EventInfo, EventList, Replayed
from accounts.webhook_deliveries.service import DEAD, Deliveries


def routes(deliveries: Deliveries) -> APIRouter:
    """Return the endpoints for deliveries and dead letters."""
    router = APIRouter(prefix="/v1/webhooks/{topic_webhook_id}", tags=["webhooks"], route_class=LateRoute)

    @router.get("/deliveries")
    async def list_deliveries(topic_webhook_id: str, member: AnyMember, paging: Paging) -> EventList:
        """List what became of events, the newest first: of those that were delivered the last 100, and all others."""
        page = await deliveries.page(member.account_id, topic_webhook_id, paging)
        return EventList(deliveries=[EventInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.get("/dead-letters")
    async def list_dead_letters(topic_webhook_id: str, member: AnyMember, paging: Paging) -> DeadLetterList:
        """List the events that were given up, the newest first, with what they were to tell."""
        page = await deliveries.page(member.account_id, topic_webhook_id, paging, DEAD)
        listed = [DeadLetterInfo.of_letter(row, deliveries.event(row)) for row in page.items]
        return DeadLetterList(dead_letters=listed, next_token=page.next_token)

    @router.post("/dead-letters/replay", status_code=status.HTTP_202_ACCEPTED)
    async def replay_all(topic_webhook_id: str, member: AnyMember) -> Replayed:
        """Send all dead letters once more, the oldest first. Those that fail are dead letters again."""
        member.require_change()
        return Replayed(dead_letters=await deliveries.replay(member.account_id, member.actor, topic_webhook_id))

    @router.post("/dead-letters/{dead_letter_id}/replay", status_code=status.HTTP_202_ACCEPTED)
    async def replay(topic_webhook_id: str, dead_letter_id: str, member: AnyMember) -> Replayed:
        """Send a dead letter once more."""
        member.require_change()
        count = await deliveries.replay(member.account_id, member.actor, topic_webhook_id, dead_letter_id)
        return Replayed(dead_letters=count)

    @router.delete("/dead-letters/{dead_letter_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def discard(topic_webhook_id: str, dead_letter_id: str, member: AnyMember) -> None:
        """Discard a dead letter."""
        member.require_change()
        await deliveries.discard(member.account_id, member.actor, topic_webhook_id, dead_letter_id)

    return router
