"""A check of webhooks: they are made, listed and deleted, and their secrets told; nothing is posted."""

import grpc

from api import webhook_pb2 as wire
from cli.compatibility.check import Check, NotChecked, expect, insist, refused
from cli.compatibility.deployment import Deployment

_URL = "https://example.com/items"


def _webhooks(deployment: Deployment) -> None:
    id = wire.WebhookId(cache_name=deployment.cache, webhook_name="compat")
    webhook = wire.WebhookInfo(webhook_id=id, topic_name="webhook", destination=wire.WebhookDestination(post_url=_URL))
    put = wire.PutWebhookRequest(webhook=webhook)
    try:
        made = deployment.call_webhook("PutWebhook", put, wire.PutWebhookResponse)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            raise NotChecked("this deployment has no webhooks") from error
        raise
    ask = wire.GetWebhookSecretRequest(cache_name=deployment.cache, webhook_name="compat")
    told = deployment.call_webhook("GetWebhookSecret", ask, wire.GetWebhookSecretResponse)
    insist("the secret is told again", holds=told.secret_string == made.secret_string)
    rotate = wire.RotateWebhookSecretRequest(webhook_id=id)
    rotated = deployment.call_webhook("RotateWebhookSecret", rotate, wire.RotateWebhookSecretResponse)
    insist("a rotation gives another secret", holds=rotated.secret_string not in {"", made.secret_string})
    listing = wire.ListWebhookRequest(cache_name=deployment.cache)
    listed = deployment.call_webhook("ListWebhooks", listing, wire.ListWebhooksResponse)
    expect("the webhooks of the cache", [each.destination.post_url for each in listed.webhook], [_URL])
    delete = wire.DeleteWebhookRequest(webhook_id=id)
    deployment.call_webhook("DeleteWebhook", delete, wire.DeleteWebhookResponse)
    with refused("NOT_FOUND"):
        deployment.call_webhook("DeleteWebhook", delete, wire.DeleteWebhookResponse)


CHECKS = (Check(83, "webhooks are made, listed and deleted, and their secrets told and rotated", _webhooks),)
