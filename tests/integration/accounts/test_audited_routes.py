"""Every route that changes something, called once: each leaves a note of who did it, from where, and what it was."""

import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from pyotp.totp import TOTP
from sqlalchemy import select

from accounts.audit.models import AuditEntry
from accounts.billing.settings import BillingSettings
from accounts.webhook_deliveries.models import WebhookEvent
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.documented import Documented
from tests.integration.accounts.installation import PASSWORD, Installation

NEW_PASSWORD = "a much better password"
RULE = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": "*"}
MONEY = {"amount": "5", "currency": "USD", "reason": "an outage"}
PRICE = {"meter": "publish_operations", "tiers": [{"up_to": None, "unit_price": "0.001"}]}
PLAN = {"plan_id": "gold", "name": "Gold", "currency": "USD", "public": True, "prices": [PRICE]}
ADMIN = "/v1/admin/accounts/{account_id}"


class Step(NamedTuple):
    """A change.

    Attributes:
        who: Whose client sends it.
        keep: What of the answer later steps name: by name, where it stands.
    """

    who: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    keep: Mapping[str, tuple[str | int, ...]] = {}


def _both(code: str) -> Mapping[str, str]:
    return {"password": PASSWORD, "code": code}


CODES = {"code": ("recovery_codes", 0), "another_code": ("recovery_codes", 1)}
SIGN_UP = {"email": "ada@example.com", "password": PASSWORD, "account_name": "ada"}
BOB = {"email": "bob@example.com", "role_id": "viewer"}

STEPS = [
    Step("ada", "POST", "/v1/signup", SIGN_UP, {"account_id": ("account_id",), "user_id": ("user_id",)}),
    Step("ada", "POST", "/v1/caches", {"name": "chat"}),
    Step("ada", "PATCH", "/v1/caches/chat", {"limits": {"message_bytes": 1000}}),
    Step(
        "ada",
        "POST",
        "/v1/webhooks",
        {"cache": "chat", "name": "archive", "topic": "news", "url": "https://example.com/"},
        {"topic_webhook_id": ("webhook_id",)},
    ),
    Step("ada", "PATCH", "/v1/webhooks/{topic_webhook_id}", {"max_concurrency": 2}),
    Step("ada", "POST", "/v1/webhooks/{topic_webhook_id}/secret/rotation", {}),
    Step("ada", "POST", "/v1/webhooks/{topic_webhook_id}/dead-letters/replay"),
    Step("ada", "POST", "/v1/webhooks/{topic_webhook_id}/dead-letters/{dead_letter_id}/replay"),
    Step("ada", "DELETE", "/v1/webhooks/{topic_webhook_id}/dead-letters/{dead_letter_id}"),
    Step("ada", "DELETE", "/v1/webhooks/{topic_webhook_id}"),
    Step("ada", "DELETE", "/v1/caches/chat"),
    Step("ada", "POST", "/v1/api-keys", {"role_id": "viewer"}, {"key_id": ("key_info", "key_id")}),
    Step("ada", "PATCH", "/v1/api-keys/{key_id}", {"description": "changed"}),
    Step("ada", "POST", "/v1/api-keys/{key_id}/rotate", {"overlap_seconds": 60}),
    Step("ada", "DELETE", "/v1/api-keys/{key_id}"),
    Step("ada", "POST", "/v1/roles", {"name": "readers", "permissions": [RULE]}, {"role_id": ("role_id",)}),
    Step("ada", "PATCH", "/v1/roles/{role_id}", {"name": "changed"}),
    Step("ada", "DELETE", "/v1/roles/{role_id}"),
    Step("ada", "POST", "/v1/tokens/revoke", {"token_id": "player"}, {"revocation_id": ("revocation_id",)}),
    Step("ada", "DELETE", "/v1/tokens/revocations/{revocation_id}"),
    Step("ada", "PATCH", "/v1/limits", {"caches": 5}),
    Step("ada", "POST", "/v1/budgets", {"name": "all", "amount": "5"}, {"budget_id": ("budget_id",)}),
    Step("ada", "PATCH", "/v1/budgets/{budget_id}", {"amount": "7"}),
    Step("ada", "DELETE", "/v1/budgets/{budget_id}"),
    Step(
        "ada",
        "POST",
        "/v1/billing/webhooks",
        {"url": "https://example.com/hook", "events": ["invoice.finalized"]},
        {"webhook_id": ("webhook_id",)},
    ),
    Step("ada", "DELETE", "/v1/billing/webhooks/{webhook_id}"),
    Step("ada", "PUT", "/v1/usage/settings", {"time_zone": "Europe/Vienna"}),
    Step("ada", "PATCH", "/v1/billing/profile", {"name": "Ada Ltd"}),
    Step("ada", "POST", "/v1/exports/schedules", {"what": "usage"}, {"schedule_id": ("schedule_id",)}),
    Step("ada", "POST", "/v1/exports/schedules/{schedule_id}/run", {"from": "2026-01-01"}),
    Step("ada", "DELETE", "/v1/exports/schedules/{schedule_id}"),
    Step("ada", "PATCH", "/v1/account", {"name": "engines"}),
    Step("operator", "POST", "/v1/admin/plans", PLAN),
    Step("ada", "POST", "/v1/billing/plan", {"plan_id": "gold"}),
    Step("operator", "POST", ADMIN + "/plan", {"plan_id": "gold"}),
    Step("operator", "PATCH", ADMIN, {"limits_plan": "contract"}),
    Step("operator", "PATCH", ADMIN + "/limits", {"caches": {"hard": 100}}),
    Step("operator", "PUT", ADMIN + "/tax", {"tax_rate": "0.20", "tax_name": "VAT"}),
    Step("operator", "POST", ADMIN + "/credits", MONEY),
    Step("operator", "POST", ADMIN + "/adjustments", MONEY),
    Step("operator", "POST", ADMIN + "/suspension", {"reason": "unpaid"}),
    Step("operator", "DELETE", ADMIN + "/suspension"),
    Step(
        "operator",
        "POST",
        ADMIN + "/impersonations",
        {"reason": "a question"},
        {"impersonation_id": ("impersonation", "impersonation_id")},
    ),
    Step("operator", "DELETE", "/v1/admin/impersonations/{impersonation_id}"),
    Step("operator", "POST", "/v1/admin/jobs/accounts.purge/run"),
    Step("operator", "POST", "/v1/admin/signing-keys/rotate", None, {"kid": ("kid",)}),
    Step("operator", "DELETE", "/v1/admin/signing-keys/{kid}?force=true"),
    Step("ada", "POST", "/v1/test-clock", {"now": int(time.time()) + 60}),
    Step("ada", "POST", "/v1/invitations", BOB, {"invitation_id": ("invitation", "invitation_id")}),
    Step("ada", "DELETE", "/v1/invitations/{invitation_id}"),
    Step("ada", "POST", "/v1/invitations", BOB, {"token": ("token",)}),
    Step(
        "bob", "POST", "/v1/invitations/acceptance", {"token": "{token}", "password": PASSWORD}, {"bob": ("user_id",)}
    ),
    Step("ada", "PATCH", "/v1/members/{bob}", {"role_id": "operator"}),
    Step("ada", "DELETE", "/v1/members/{bob}"),
    Step("ada", "POST", "/v1/session-token"),
    Step("elsewhere", "POST", "/v1/login", {"email": "ada@example.com", "password": PASSWORD}),
    Step("elsewhere", "POST", "/v1/logout"),
    Step("elsewhere", "POST", "/v1/login", {"email": "ada@example.com", "password": PASSWORD}),
    Step("ada", "DELETE", "/v1/sessions"),
    Step("ada", "POST", "/v1/user/second-factor/confirmation", {"code": "{totp}"}, CODES),
    Step("ada", "POST", "/v1/user/second-factor/recovery-codes", _both("{code}"), CODES),
    Step("elsewhere", "POST", "/v1/login/code", {"ticket": "{ticket}", "code": "{code}"}),
    Step("ada", "DELETE", "/v1/sessions/{elsewhere}"),
    Step("ada", "POST", "/v1/user/second-factor/removal", _both("{another_code}")),
    Step("ada", "POST", "/v1/user/password", {"password": PASSWORD, "new_password": NEW_PASSWORD}),
    Step("ada", "POST", "/v1/accounts", {"name": "another"}, {"another": ("account_id",)}),
    Step("ada", "POST", "/v1/session/account", {"account_id": "{account_id}"}),
    Step("ada", "POST", "/v1/invitations", {**BOB, "email": "carol@example.com"}, {"token": ("token",)}),
    Step(
        "carol",
        "POST",
        "/v1/invitations/acceptance",
        {"token": "{token}", "password": PASSWORD},
        {"carol": ("user_id",)},
    ),
    Step("ada", "POST", "/v1/account/owner", {"user_id": "{carol}", "password": NEW_PASSWORD}),
    Step("ada", "POST", "/v1/account/leave"),
    Step("carol", "DELETE", "/v1/account", {"name": "engines", "password": PASSWORD}),
    Step("operator", "DELETE", "/v1/admin/accounts/{another}"),
]

MAIL = "needs a mail server; the tests of mails have it, and what it does is noted by the same call as its twin here"
ASKS = "asks, and changes nothing"
MONEY_TEST = "needs an invoice or a payment provider; billing/test_bookkeeping.py reads its note"
EXEMPT = {
    ("POST", "/v1/signup/confirmation"): MAIL,
    ("POST", "/v1/password-reset/confirmation"): MAIL,
    ("POST", "/v1/email-confirmation"): MAIL,
    ("POST", "/v1/password-reset"): "sends a mail, and must not tell who is known",
    ("POST", "/v1/user/confirmation"): "sends a mail",
    ("POST", "/v1/user/second-factor"): "nothing is in force before it is confirmed, which is noted",
    ("POST", "/v1/invitations/preview"): ASKS,
    ("POST", "/v1/permissions/check"): ASKS,
    ("POST", "/v1/permissions/who"): ASKS,
    ("POST", "/v1/estimate"): ASKS,
    ("POST", "/v1/tokens"): "is made for each browser and kept nowhere; the log would hold little else",
    ("POST", "/v1/caches/{name}/flush"): "topics are no items: it changes nothing",
    ("POST", "/v1/billing/webhooks/{webhook_id}/ping"): "is listed among the deliveries, and changes nothing",
    ("POST", "/v1/admin/invoices/{invoice_id}/payment"): MONEY_TEST,
    ("POST", "/v1/admin/invoices/{invoice_id}/credit-note"): MONEY_TEST,
    ("PUT", "/v1/admin/accounts/{account_id}/payment-customer"): MONEY_TEST,
    ("DELETE", "/v1/admin/accounts/{account_id}/payment-customer"): MONEY_TEST,
}

BARE = {"session", "session_token", "user", "member", "job", "operator_token", "impersonation"}
"""Nouns of changes that have no fields: it is the change itself that matters."""


async def notes(here: Installation) -> list[AuditEntry]:
    async with here.accounts.database.reading() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


class Play:
    """Runs the steps, and keeps what later ones name."""

    def __init__(self, here: Installation, clients: Mapping[str, httpx.AsyncClient]) -> None:
        self._here = here
        self._clients = clients
        self._ids: dict[str, str] = {}

    async def run(self, step: Step) -> str:
        """Make a change, and look at what was noted; return the path that was called, without a query."""
        await self._prepare(step)
        path = _filled(step.path, self._ids)
        body = None if step.body is None else json.loads(_filled(json.dumps(step.body), self._ids))
        before = len(await notes(self._here))
        answer = await self._clients[step.who].request(step.method, path, json=body)
        assert answer.is_success, (step, answer.text)
        # What the system does because of it is beside the point, such as the invoice of a deleted account.
        made = [entry for entry in (await notes(self._here))[before:] if entry.actor_kind != "system"]
        assert made, (step, "left no note")
        for entry in made:
            kind = "operator" if step.who == "operator" else "user"
            assert (entry.actor_kind, entry.actor_id != "", entry.address) == (kind, True, "127.0.0.1"), step
            told = entry.before is not None or entry.after is not None
            assert told or entry.action.partition(".")[0] in BARE, (step, entry.action)
        for name, place in step.keep.items():
            found: Any = answer.json()
            for part in place:
                found = found[part]
            self._ids[name] = found
        return path.partition("?")[0]

    async def _prepare(self, step: Step) -> None:
        """Do what a step needs that is no change by itself."""
        ada, ids = self._clients["ada"], self._ids
        if step.path.endswith("second-factor/confirmation"):
            begun = await ada.post("/v1/user/second-factor", json={"password": PASSWORD})
            ids["totp"] = TOTP(begun.json()["secret"]).now()
        elif step.path == "/v1/login/code":
            asked = {"email": "ada@example.com", "password": PASSWORD}
            ids["ticket"] = (await self._clients["elsewhere"].post("/v1/login", json=asked)).json()["ticket"]
        elif "{dead_letter_id}" in step.path:
            ids["dead_letter_id"] = "event_1"
            await self._give_up(ids["topic_webhook_id"], ids["dead_letter_id"])
        elif "{elsewhere}" in step.path:
            sessions = (await ada.get("/v1/sessions")).json()["sessions"]
            ids["elsewhere"] = next(each["session_id"] for each in sessions if not each["is_current"])

    async def _give_up(self, webhook_id: str, id: str) -> None:
        """Keep a dead letter, where it is not there yet."""
        facts = {"kind": "item", "page": 1, "number": 1, "state": "dead", "tries": 1, "status": 500, "reason": ""}
        async with self._here.accounts.database.transaction() as session:
            if await session.get(WebhookEvent, id) is None:
                session.add(WebhookEvent(id=id, webhook_id=webhook_id, letter=None, settled_at=1, **facts))


def _filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


async def test_every_change_leaves_a_note(start: Start, tmp_path: Path) -> None:
    here = await start(billing=BillingSettings(test_clocks=True, exports_to=str(tmp_path)))
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    documented = Documented(here.accounts.app.openapi())
    async with AsyncExitStack() as stack:
        browsers = {name: here.rest() for name in ("ada", "bob", "carol", "elsewhere")}
        clients = browsers | {"operator": here.rest(authorization=token)}
        for client in clients.values():
            await stack.enter_async_context(client)
        play = Play(here, clients)
        called = {documented.operation(step.method, await play.run(step)) for step in STEPS}
    paths: dict[str, Any] = here.accounts.app.openapi()["paths"]
    changing = {(method.upper(), path) for path, methods in paths.items() for method in methods if method != "get"}
    assert called | EXEMPT.keys() == changing
    assert not called & EXEMPT.keys()
