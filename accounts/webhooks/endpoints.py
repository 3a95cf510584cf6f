"""REST: webhooks of topics."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from accounts.rest.descriptions import refusals
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.webhook_deliveries.service import Deliveries
from accounts.webhooks.models import Webhook
from accounts.webhooks.names import checked_webhook_name
from accounts.webhooks.schemas import MadeWebhook, NewWebhook, WebhookChange, WebhookInfo
from accounts.webhooks.schemas import Webhooks as WebhookList
from accounts.webhooks.service import Wanted, Webhooks
from api.names import checked_cache_name, checked_topic_name

CacheName = Annotated[str | None, Query(max_length=1024, description="Only those of this cache.")]


def routes(webhooks: Webhooks, deliveries: Deliveries) -> APIRouter:
    """Return the endpoints for webhooks."""
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=LateRoute)

    async def shown(row: Webhook, cache: str) -> WebhookInfo:
        return WebhookInfo.of(row, cache, (await deliveries.dead_letters([row.id])).get(row.id, 0))

    @router.post("", status_code=status.HTTP_201_CREATED, responses=refusals(404, 409))
    async def make(body: NewWebhook, member: AnyMember) -> MadeWebhook:
        """Make a webhook: what is published to the topic from now on is posted to the URL."""
        member.require_change()
        cache = checked_cache_name(body.cache)
        wanted = Wanted(checked_topic_name(body.topic), body.url, body.max_concurrency, body.max_requests_per_second)
        names = (cache, checked_webhook_name(body.name))
        row, secret = await webhooks.make(member.account_id, member.actor, names, wanted)
        return MadeWebhook(**WebhookInfo.of(row, cache, 0).model_dump(), secret=secret)

    @router.get("", responses=refusals(404))
    async def list_webhooks(member: AnyMember, paging: Paging, cache: CacheName = None) -> WebhookList:
        """List the webhooks in the order of their names."""
        name = None if cache is None else checked_cache_name(cache)
        page = await webhooks.page(member.account_id, name, paging)
        dead = await deliveries.dead_letters([row.id for row, _ in page.items])
        listed = [WebhookInfo.of(row, cache_name, dead.get(row.id, 0)) for row, cache_name in page.items]
        return WebhookList(webhooks=listed, next_token=page.next_token)

    @router.get("/{topic_webhook_id}")
    async def read(topic_webhook_id: str, member: AnyMember) -> WebhookInfo:
        """Show a webhook and how its deliveries go."""
        return await shown(*await webhooks.read(member.account_id, topic_webhook_id))

    @router.patch("/{topic_webhook_id}")
    async def change(topic_webhook_id: str, body: WebhookChange, member: AnyMember) -> WebhookInfo:
        """Change a webhook. On another topic it begins with what is published from now on."""
        member.require_change()
        known, cache = await webhooks.read(member.account_id, topic_webhook_id)
        topic = known.topic if body.topic is None else checked_topic_name(body.topic)
        wanted = Wanted(topic, body.url or known.url, body.max_concurrency, body.max_requests_per_second)
        return await shown(await webhooks.change(member.account_id, member.actor, known.id, wanted), cache)

    @router.delete("/{topic_webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(topic_webhook_id: str, member: AnyMember) -> None:
        """Delete a webhook with its dead letters; nothing more is sent."""
        member.require_change()
        await webhooks.delete(member.account_id, member.actor, topic_webhook_id)

    return router
