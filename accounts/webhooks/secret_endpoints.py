"""REST: what requests of a webhook are signed with."""

from fastapi import APIRouter

from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.webhooks.schemas import RotatedSecret, Rotation, Secret
from accounts.webhooks.service import Webhooks


def routes(webhooks: Webhooks) -> APIRouter:
    """Return the endpoints for secrets."""
    router = APIRouter(prefix="/v1/webhooks/{topic_webhook_id}/secret", tags=["webhooks"], route_class=LateRoute)

    @router.get("")
    async def secret(topic_webhook_id: str, member: AnyMember) -> Secret:
        """Show what requests of a webhook are signed with. Not to viewers."""
        member.require_change()
        row, _ = await webhooks.read(member.account_id, topic_webhook_id)
        return Secret(secret=webhooks.secret(row))

    @router.post("/rotation")
    async def rotate(topic_webhook_id: str, body: Rotation, member: AnyMember) -> RotatedSecret:
        """Give a webhook another secret. For a while requests carry a signature by the old one too."""
        member.require_change()
        row, made = await webhooks.rotate(member.account_id, member.actor, topic_webhook_id, body.overlap_seconds)
        return RotatedSecret(secret=made, old_secret_until_epoch_seconds=row.old_secret_until)

    return router
