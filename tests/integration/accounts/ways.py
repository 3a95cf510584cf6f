"""Every way into the account service, and what it answers to whom. A way that is missing here fails a test."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import Message
from momento_wire_types import controlclient_pb2 as control

from api import webhook_pb2 as webhook
from tests.integration.accounts.installation import AUTH, CONTROL, TOKEN, WEBHOOKS

Ids = Mapping[str, str]
"""What one account has, by the names that paths have for it."""

SECRET = "sesame"
"""Part of everything in the account that others are not to see."""


class Route(NamedTuple):
    """A route of the REST API that reads who calls.

    Texts of the path and the body may name what the account has, such as `{key_id}`.

    Attributes:
        stranger: What the owner of another account gets who names what only this account has.
        viewer: What a viewer of this account gets.
        key: What a key of another account's owner gets, where that is not what its owner gets: 401 where people alone
            may call, 409 where the owner has made the same just before.
    """

    method: str
    path: str
    stranger: int
    viewer: int
    body: Mapping[str, Any] | None = None
    key: int | None = None


class Rpc(NamedTuple):
    """An RPC that reads who calls from its metadata.

    Attributes:
        stranger: The status that a key of another account gets that names what only this account has.
    """

    service: str
    method: str
    stranger: int
    request: Callable[[Ids], Message]


PASSWORD = {"password": "a wrong password"}
CODE = {"code": "000000"}
BUDGET = {"name": "made", "amount": "5"}
TOPIC_WEBHOOK = {"cache": "{name}", "name": "made", "topic": "a", "url": "https://example.com/made"}
WEBHOOK = {"url": "https://example.com/made", "events": ["invoice.finalized"]}
MONEY = {"amount": "5", "currency": "USD", "reason": "x"}
PLAN: Mapping[str, Any] = {"plan_id": "made", "name": "Made", "currency": "USD", "prices": []}
RULE = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": "*"}

PUBLISH = {"action": "publish", "cache": "{name}", "topic": "a"}

ROUTES = [
    Route("POST", "/v1/caches", 201, 403, {"name": "made"}, key=409),
    Route("GET", "/v1/caches", 200, 200),
    Route("GET", "/v1/caches/{name}", 404, 200),
    Route("GET", "/v1/caches/{name}/topics", 404, 200),
    Route("PATCH", "/v1/caches/{name}", 404, 403, {"durable": False}),
    Route("POST", "/v1/caches/{name}/flush", 404, 403),
    Route("DELETE", "/v1/caches/{name}", 404, 403),
    Route("POST", "/v1/api-keys", 201, 403, {"role_id": "owner"}, key=403),
    Route("GET", "/v1/api-keys", 200, 200),
    Route("GET", "/v1/api-keys/{key_id}", 404, 200),
    Route("PATCH", "/v1/api-keys/{key_id}", 404, 403, {"description": "changed"}),
    Route("POST", "/v1/api-keys/{key_id}/rotate", 404, 403, {"overlap_seconds": 0}),
    Route("DELETE", "/v1/api-keys/{key_id}", 404, 403),
    Route("POST", "/v1/roles", 201, 403, {"name": "made", "permissions": [RULE]}, key=409),
    Route("GET", "/v1/roles", 200, 200),
    Route("GET", "/v1/roles/{role_id}", 404, 200),
    Route("PATCH", "/v1/roles/{role_id}", 404, 403, {"name": "changed"}),
    Route("DELETE", "/v1/roles/{role_id}", 404, 403),
    Route("POST", "/v1/tokens", 201, 403, {"expires_in": 60, "permissions": [RULE]}),
    Route("POST", "/v1/tokens/revoke", 201, 403, {"token_id": "made"}),
    Route("GET", "/v1/tokens/revocations", 200, 200),
    Route("DELETE", "/v1/tokens/revocations/{revocation_id}", 404, 403),
    Route("POST", "/v1/permissions/check", 404, 200, {**PUBLISH, "key_id": "{key_id}"}),
    Route("POST", "/v1/permissions/who", 404, 200, PUBLISH),
    Route("GET", "/v1/limits", 200, 200),
    Route("PATCH", "/v1/limits", 200, 403, {}),
    Route("GET", "/v1/billing/forecast", 200, 200),
    Route("POST", "/v1/estimate", 404, 200, {"bytes": 1, "cache": "{name}", "topic": "a"}),
    Route("GET", "/v1/budgets", 200, 200),
    Route("POST", "/v1/budgets", 201, 403, BUDGET, key=409),
    Route("GET", "/v1/budgets/{budget_id}", 404, 200),
    Route("PATCH", "/v1/budgets/{budget_id}", 404, 403, {"mode": "warn"}),
    Route("DELETE", "/v1/budgets/{budget_id}", 404, 403),
    Route("GET", "/v1/billing/webhooks", 200, 200),
    Route("POST", "/v1/billing/webhooks", 201, 403, WEBHOOK),
    Route("DELETE", "/v1/billing/webhooks/{webhook_id}", 404, 403),
    Route("POST", "/v1/billing/webhooks/{webhook_id}/ping", 404, 403),
    Route("GET", "/v1/billing/webhooks/{webhook_id}/deliveries", 404, 200),
    Route("POST", "/v1/webhooks", 404, 403, TOPIC_WEBHOOK),
    Route("GET", "/v1/webhooks", 200, 200),
    Route("GET", "/v1/webhooks/{topic_webhook_id}", 404, 200),
    Route("PATCH", "/v1/webhooks/{topic_webhook_id}", 404, 403, {"max_concurrency": 2}),
    Route("DELETE", "/v1/webhooks/{topic_webhook_id}", 404, 403),
    Route("GET", "/v1/webhooks/{topic_webhook_id}/secret", 404, 403),
    Route("POST", "/v1/webhooks/{topic_webhook_id}/secret/rotation", 404, 403, {}),
    Route("GET", "/v1/webhooks/{topic_webhook_id}/deliveries", 404, 200),
    Route("GET", "/v1/webhooks/{topic_webhook_id}/dead-letters", 404, 200),
    Route("POST", "/v1/webhooks/{topic_webhook_id}/dead-letters/replay", 404, 403),
    Route("POST", "/v1/webhooks/{topic_webhook_id}/dead-letters/{dead_letter_id}/replay", 404, 403),
    Route("DELETE", "/v1/webhooks/{topic_webhook_id}/dead-letters/{dead_letter_id}", 404, 403),
    Route("POST", "/v1/exports/schedules", 400, 403, {"what": "usage"}),
    Route("GET", "/v1/exports/schedules", 200, 200),
    Route("GET", "/v1/exports/schedules/{schedule_id}", 404, 404),
    Route("POST", "/v1/exports/schedules/{schedule_id}/run", 404, 403, {"from": "2026-01-01"}),
    Route("DELETE", "/v1/exports/schedules/{schedule_id}", 404, 403),
    Route("GET", "/v1/exports/usage", 200, 200),
    Route("GET", "/v1/exports/charges", 200, 200),
    Route("GET", "/v1/exports/invoices", 200, 200),
    Route("GET", "/v1/usage", 200, 200),
    Route("GET", "/v1/usage/batches?from=2026-01-01&to=2026-01-02", 200, 200),
    Route("GET", "/v1/usage/settings", 200, 200),
    Route("PUT", "/v1/usage/settings", 200, 403, {"time_zone": "UTC"}),
    Route("GET", "/v1/plans", 200, 200),
    Route("GET", "/v1/plans/{plan_id}", 404, 404),
    Route("GET", "/v1/billing/plan", 200, 200),
    Route("POST", "/v1/billing/plan", 404, 403, {"plan_id": "nothing"}),
    Route("GET", "/v1/billing/profile", 200, 200),
    Route("PATCH", "/v1/billing/profile", 200, 403, {}),
    Route("GET", "/v1/billing/credits", 200, 200),
    Route("GET", "/v1/billing/adjustments", 200, 200),
    Route("GET", "/v1/invoices", 200, 200),
    Route("GET", "/v1/invoices/draft", 200, 200),
    Route("GET", "/v1/invoices/{invoice_id}", 404, 404),
    Route("GET", "/v1/invoices/{invoice_id}/html", 404, 404),
    Route("GET", "/v1/invoices/{invoice_id}/pdf", 404, 404),
    Route("GET", "/v1/invoices/{invoice_id}/lines/{number}/usage", 404, 404),
    Route("GET", "/v1/test-clock", 404, 404),
    Route("POST", "/v1/test-clock", 403, 403, {"now": 1900000000}),
    Route("GET", "/v1/account", 200, 200),
    Route("PATCH", "/v1/account", 200, 403, {"name": "renamed"}),
    Route("POST", "/v1/account/owner", 403, 403, {"user_id": "{user_id}", **PASSWORD}, key=401),
    Route("DELETE", "/v1/account", 400, 403, {"name": "{name}", **PASSWORD}, key=401),
    Route("GET", "/v1/gaps", 200, 200),
    Route("GET", "/v1/audit", 200, 200),
    Route("GET", "/v1/audit/export", 200, 200),
    Route("GET", "/v1/accounts", 200, 200, key=401),
    Route("POST", "/v1/session/account", 404, 204, {"account_id": "{account_id}"}, key=401),
    Route("GET", "/v1/members", 200, 200),
    Route("GET", "/v1/members/{user_id}", 404, 200),
    Route("PATCH", "/v1/members/{user_id}", 404, 403, {"role_id": "viewer"}, key=401),
    Route("DELETE", "/v1/members/{user_id}", 404, 403, key=401),
    Route("POST", "/v1/invitations", 201, 403, {"email": "made@example.com", "role_id": "viewer"}, key=401),
    Route("GET", "/v1/invitations", 200, 200),
    Route("DELETE", "/v1/invitations/{invitation_id}", 404, 403, key=401),
    Route("GET", "/v1/user", 200, 200, key=401),
    Route("POST", "/v1/user/password", 403, 403, {**PASSWORD, "new_password": "a new password"}, key=401),
    Route("POST", "/v1/user/confirmation", 204, 204, key=401),
    Route("POST", "/v1/user/second-factor", 403, 403, PASSWORD, key=401),
    Route("POST", "/v1/user/second-factor/confirmation", 404, 404, CODE, key=401),
    Route("POST", "/v1/user/second-factor/recovery-codes", 403, 403, PASSWORD | CODE, key=401),
    Route("POST", "/v1/user/second-factor/removal", 403, 403, PASSWORD | CODE, key=401),
    Route("GET", "/v1/sessions", 200, 200, key=401),
    Route("DELETE", "/v1/sessions", 204, 204, key=401),
    Route("DELETE", "/v1/sessions/{session_id}", 404, 404, key=401),
    Route("POST", "/v1/session-token", 201, 403, key=401),
    Route("GET", "/v1/admin/accounts", 403, 403),
    Route("GET", "/v1/admin/accounts/{account_id}", 403, 403),
    Route("PATCH", "/v1/admin/accounts/{account_id}", 403, 403, {"limits_plan": "open"}),
    Route("DELETE", "/v1/admin/accounts/{account_id}", 403, 403),
    Route("POST", "/v1/admin/accounts/{account_id}/suspension", 403, 403, {"reason": "x"}),
    Route("DELETE", "/v1/admin/accounts/{account_id}/suspension", 403, 403),
    Route("GET", "/v1/admin/accounts/{account_id}/limits", 403, 403),
    Route("PATCH", "/v1/admin/accounts/{account_id}/limits", 403, 403, {"caches": {"hard": 1}}),
    Route("POST", "/v1/admin/accounts/{account_id}/plan", 403, 403, {"plan_id": "nothing"}),
    Route("POST", "/v1/admin/accounts/{account_id}/impersonations", 403, 403, {"reason": "x"}),
    Route("GET", "/v1/admin/accounts/{account_id}/credits", 403, 403),
    Route("POST", "/v1/admin/accounts/{account_id}/credits", 403, 403, MONEY),
    Route("GET", "/v1/admin/accounts/{account_id}/adjustments", 403, 403),
    Route("POST", "/v1/admin/accounts/{account_id}/adjustments", 403, 403, MONEY),
    Route("PUT", "/v1/admin/accounts/{account_id}/tax", 403, 403, {"tax_rate": "0.2"}),
    Route("GET", "/v1/admin/accounts/{account_id}/payment-customer", 403, 403),
    Route("PUT", "/v1/admin/accounts/{account_id}/payment-customer", 403, 403, {"customer_id": "cus_1"}),
    Route("DELETE", "/v1/admin/accounts/{account_id}/payment-customer", 403, 403),
    Route("GET", "/v1/admin/payment-customers", 403, 403),
    Route("GET", "/v1/admin/plans", 403, 403),
    Route("POST", "/v1/admin/plans", 403, 403, PLAN),
    Route("GET", "/v1/admin/plans/{plan_id}", 403, 403),
    Route("GET", "/v1/admin/invoices", 403, 403),
    Route("GET", "/v1/admin/invoices/{invoice_id}", 403, 403),
    Route("POST", "/v1/admin/invoices/{invoice_id}/payment", 403, 403, {}),
    Route("POST", "/v1/admin/invoices/{invoice_id}/credit-note", 403, 403, {"reason": "x"}),
    Route("GET", "/v1/admin/impersonations", 403, 403),
    Route("DELETE", "/v1/admin/impersonations/{impersonation_id}", 403, 403),
    Route("GET", "/v1/admin/usage", 403, 403),
    Route("GET", "/v1/admin/usage/reconciliation", 403, 403),
    Route("GET", "/v1/admin/audit", 403, 403),
    Route("GET", "/v1/admin/audit/export", 403, 403),
    Route("GET", "/v1/admin/processes", 403, 403),
    Route("GET", "/v1/admin/map", 403, 403),
    Route("GET", "/v1/admin/jobs", 403, 403),
    Route("POST", "/v1/admin/jobs/{name}/run", 403, 403),
    Route("GET", "/v1/admin/signing-keys", 403, 403),
    Route("POST", "/v1/admin/signing-keys/rotate", 403, 403),
    Route("DELETE", "/v1/admin/signing-keys/{kid}", 403, 403),
    Route("POST", "/v1/accounts", 201, 201, {"name": "another"}, key=401),  # the log-in is elsewhere after it
    Route("POST", "/v1/account/leave", 409, 409, key=401),
]

PUBLIC = {
    ("POST", "/v1/signup"),
    ("POST", "/v1/signup/confirmation"),
    ("POST", "/v1/login"),
    ("POST", "/v1/login/code"),
    ("POST", "/v1/logout"),
    ("POST", "/v1/password-reset"),
    ("POST", "/v1/password-reset/confirmation"),
    ("POST", "/v1/email-confirmation"),
    ("POST", "/v1/invitations/preview"),
    ("POST", "/v1/invitations/acceptance"),
    ("GET", "/.well-known/jwks.json"),
}
"""Routes for whoever comes: they read no caller, and name nothing of an account but by a secret."""


def _create_cache(_: Ids) -> Message:
    return control._CreateCacheRequest(cache_name="made over gRPC")


def _delete_cache(ids: Ids) -> Message:
    return control._DeleteCacheRequest(cache_name=ids["name"])


def _flush_cache(ids: Ids) -> Message:
    return control._FlushCacheRequest(cache_name=ids["name"])


def _list_caches(_: Ids) -> Message:
    return control._ListCachesRequest()


def _create_signing_key(_: Ids) -> Message:
    return control._CreateSigningKeyRequest(ttl_minutes=5)


def _revoke_signing_key(ids: Ids) -> Message:
    return control._RevokeSigningKeyRequest(key_id=ids["signing_key_id"])


def _list_signing_keys(_: Ids) -> Message:
    return control._ListSigningKeysRequest()


def _put_webhook(ids: Ids) -> Message:
    made = webhook.WebhookId(cache_name=ids["name"], webhook_name="made over gRPC")
    to = webhook.WebhookDestination(post_url="https://example.com/")
    return webhook.PutWebhookRequest(webhook=webhook.WebhookInfo(webhook_id=made, topic_name="a", destination=to))


def _webhook(ids: Ids) -> webhook.WebhookId:
    return webhook.WebhookId(cache_name=ids["name"], webhook_name=ids["topic_webhook"])


def _delete_webhook(ids: Ids) -> Message:
    return webhook.DeleteWebhookRequest(webhook_id=_webhook(ids))


def _list_webhooks(ids: Ids) -> Message:
    return webhook.ListWebhookRequest(cache_name=ids["name"])


def _webhook_secret(ids: Ids) -> Message:
    return webhook.GetWebhookSecretRequest(cache_name=ids["name"], webhook_name=ids["topic_webhook"])


def _rotate_webhook_secret(ids: Ids) -> Message:
    return webhook.RotateWebhookSecretRequest(webhook_id=_webhook(ids))


RPCS = [
    Rpc(CONTROL, "CreateCache", 0, _create_cache),
    Rpc(CONTROL, "DeleteCache", 5, _delete_cache),
    Rpc(CONTROL, "FlushCache", 5, _flush_cache),
    Rpc(CONTROL, "ListCaches", 0, _list_caches),
    Rpc(CONTROL, "CreateSigningKey", 0, _create_signing_key),
    Rpc(CONTROL, "RevokeSigningKey", 5, _revoke_signing_key),
    Rpc(CONTROL, "ListSigningKeys", 0, _list_signing_keys),
    Rpc(WEBHOOKS, "PutWebhook", 5, _put_webhook),
    Rpc(WEBHOOKS, "DeleteWebhook", 5, _delete_webhook),
    Rpc(WEBHOOKS, "ListWebhooks", 5, _list_webhooks),
    Rpc(WEBHOOKS, "GetWebhookSecret", 5, _webhook_secret),
    Rpc(WEBHOOKS, "RotateWebhookSecret", 5, _rotate_webhook_secret),
]

FROM_THE_BODY = {(AUTH, "GenerateApiToken"), (AUTH, "RefreshApiToken"), (TOKEN, "GenerateDisposableToken")}
"""RPCs that read the token in the message, and name nothing of an account; `test_forgeries.py` has them."""
