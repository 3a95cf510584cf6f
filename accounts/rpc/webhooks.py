"""The gRPC service `webhook.Webhook`: where items of topics are posted to."""

from collections.abc import Mapping

from accounts.caller import Caller, Rank
from accounts.rpc.callers import CallerOf
from accounts.rpc.service import Context, Method
from accounts.webhooks.names import checked_webhook_name
from accounts.webhooks.service import Wanted, Webhooks
from api import webhook_pb2 as wire
from api.log_context import bind
from api.names import checked_cache_name, checked_topic_name

SERVICE = "webhook.Webhook"


class WebhookService:
    """Authenticates, checks the arguments, then the permission, then whether the thing exists."""

    def __init__(self, caller_of: CallerOf, webhooks: Webhooks) -> None:
        self._caller_of = caller_of
        self._webhooks = webhooks

    def methods(self) -> Mapping[str, Method]:
        """Return the service's methods."""
        return {
            "PutWebhook": Method(wire.PutWebhookRequest, wire.PutWebhookResponse, self._put),
            "DeleteWebhook": Method(wire.DeleteWebhookRequest, wire.DeleteWebhookResponse, self._delete),
            "ListWebhooks": Method(wire.ListWebhookRequest, wire.ListWebhooksResponse, self._list),
            "GetWebhookSecret": Method(wire.GetWebhookSecretRequest, wire.GetWebhookSecretResponse, self._secret),
            "RotateWebhookSecret": Method(
                wire.RotateWebhookSecretRequest, wire.RotateWebhookSecretResponse, self._rotate
            ),
        }

    async def _put(self, request: wire.PutWebhookRequest, ctx: Context) -> wire.PutWebhookResponse:
        asked = request.webhook
        caller, names = await self._named(ctx, asked.webhook_id.cache_name, asked.webhook_id.webhook_name)
        wanted = Wanted(checked_topic_name(asked.topic_name), asked.destination.post_url)
        caller.require(Rank.SUPER_USER, f"make webhook '{names[1]}'")
        _, secret = await self._webhooks.put(caller.account_id, caller.actor, names, wanted)
        return wire.PutWebhookResponse(secret_string=secret)

    async def _delete(self, request: wire.DeleteWebhookRequest, ctx: Context) -> wire.DeleteWebhookResponse:
        caller, names = await self._named(ctx, request.webhook_id.cache_name, request.webhook_id.webhook_name)
        caller.require(Rank.SUPER_USER, f"delete webhook '{names[1]}'")
        row = await self._webhooks.named(caller.account_id, *names)
        await self._webhooks.delete(caller.account_id, caller.actor, row.id)
        return wire.DeleteWebhookResponse()

    async def _list(self, request: wire.ListWebhookRequest, ctx: Context) -> wire.ListWebhooksResponse:
        caller, cache = await self._caller_of(ctx), checked_cache_name(request.cache_name)
        caller.require(Rank.SUPER_USER, "list webhooks")
        listed = [
            wire.WebhookInfo(
                webhook_id=wire.WebhookId(cache_name=cache, webhook_name=row.name),
                topic_name=row.topic,
                destination=wire.WebhookDestination(post_url=row.url),
            )
            for row in await self._webhooks.of_cache(caller.account_id, cache)
        ]
        return wire.ListWebhooksResponse(webhook=listed)

    async def _secret(self, request: wire.GetWebhookSecretRequest, ctx: Context) -> wire.GetWebhookSecretResponse:
        caller, names = await self._named(ctx, request.cache_name, request.webhook_name)
        caller.require(Rank.SUPER_USER, f"read the secret of webhook '{names[1]}'")
        secret = self._webhooks.secret(await self._webhooks.named(caller.account_id, *names))
        return wire.GetWebhookSecretResponse(cache_name=names[0], webhook_name=names[1], secret_string=secret)

    async def _rotate(self, request: wire.RotateWebhookSecretRequest, ctx: Context) -> wire.RotateWebhookSecretResponse:
        caller, names = await self._named(ctx, request.webhook_id.cache_name, request.webhook_id.webhook_name)
        caller.require(Rank.SUPER_USER, f"replace the secret of webhook '{names[1]}'")
        row = await self._webhooks.named(caller.account_id, *names)
        _, secret = await self._webhooks.rotate(caller.account_id, caller.actor, row.id)
        return wire.RotateWebhookSecretResponse(secret_string=secret)

    async def _named(self, ctx: Context, cache: str, webhook: str) -> tuple[Caller, tuple[str, str]]:
        caller = await self._caller_of(ctx)
        names = checked_cache_name(cache), checked_webhook_name(webhook)
        bind(cache=names[0])
        return caller, names
