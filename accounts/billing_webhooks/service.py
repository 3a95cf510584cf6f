"""Webhook endpoints: where an account wants to be told of which events, and how it knows that it is us."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from accounts import audit
from accounts.audit import Actor
from accounts.billing.periods import iso
from accounts.billing_webhooks import repository
from accounts.billing_webhooks.models import WebhookDelivery, WebhookEndpoint
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.encryption import MasterKeys
from accounts.identifiers import new_id
from accounts.paging import Page, PageRequest
from accounts.tenants import repository as tenants
from api.errors import InvalidArgument, NotFound, TooManyRequests
from api.webhooks import checked_url, new_secret

INVOICE_FINALIZED = "invoice.finalized"
THRESHOLD_REACHED = "usage.threshold_reached"
PING = "ping"
EVENTS = (INVOICE_FINALIZED, THRESHOLD_REACHED)

MOST_ENDPOINTS = 20
MOST_WAITING_PINGS = 5
"""For one endpoint."""


class BillingWebhooks:
    """The webhook endpoints of accounts."""

    def __init__(self, database: Database, master_keys: MasterKeys, clocks: Clocks, *, allow_private: bool) -> None:
        """With `allow_private`, endpoints may be in this installation's own network, and without TLS."""
        self._database = database
        self._master_keys = master_keys
        self._clocks = clocks
        self._allow_private = allow_private

    async def add(
        self, account_id: str, actor: Actor, url: str, events: Collection[str]
    ) -> tuple[WebhookEndpoint, str]:
        """Add an endpoint; return it and the secret that its requests are signed with, which is shown this once.

        Raises:
            InvalidArgument: the URL cannot be one, an event does not exist, or there are too many endpoints.
        """
        checked_url(url, allow_private=self._allow_private)
        if not events or not set(events) <= set(EVENTS):
            raise InvalidArgument(f"the events of a webhook are one or more of {', '.join(EVENTS)}")
        secret, id = new_secret(), new_id("hook")
        row = WebhookEndpoint(
            id=id,
            account_id=account_id,
            url=url,
            secret=self._master_keys.encrypt(secret.encode(), id),
            events=",".join(sorted(set(events))),
            created_at=self._clocks.everywhere(),
        )
        async with self._database.transaction() as session:
            await tenants.get_alone(session, account_id)
            if len(await repository.of_account(session, account_id)) >= MOST_ENDPOINTS:
                raise InvalidArgument(f"the account has {MOST_ENDPOINTS} webhook endpoints, and no more; delete one")
            repository.add(session, row)
            audit.record(session, actor, account_id, "webhook.added", id, after={"url": url, "events": row.events})
        return row, secret

    async def list(self, account_id: str) -> Sequence[WebhookEndpoint]:
        """Return an account's endpoints, the oldest first."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id)

    async def remove(self, account_id: str, actor: Actor, endpoint_id: str) -> None:
        """Remove an endpoint; nothing more is sent there.

        Raises:
            NotFound: the account has no such endpoint.
        """
        async with self._database.transaction() as session:
            row = await _existing(session, account_id, endpoint_id)
            await repository.remove(session, row.id)
            before = {"url": row.url, "events": row.events}
            audit.record(session, actor, account_id, "webhook.removed", row.id, before=before)

    async def ping(self, account_id: str, endpoint_id: str) -> None:
        """Send an event that says nothing, to try the endpoint.

        Raises:
            NotFound: the account has no such endpoint.
            TooManyRequests: it has not answered to those before.
        """
        async with self._database.transaction() as session:
            await tenants.get_alone(session, account_id)
            row = await _existing(session, account_id, endpoint_id)
            if await repository.waiting_pings(session, row.id, PING) >= MOST_WAITING_PINGS:
                raise TooManyRequests(
                    f"{MOST_WAITING_PINGS} pings wait for this endpoint already, which does not take them; "
                    "see how its deliveries end"
                )
            self._add_delivery(session, row, PING, {})

    async def deliveries(self, account_id: str, endpoint_id: str, asked: PageRequest) -> Page[WebhookDelivery]:
        """Return what was sent to an endpoint, or is to be, the newest first.

        Raises:
            NotFound: the account has no such endpoint.
        """
        async with self._database.reading() as session:
            row = await _existing(session, account_id, endpoint_id)
            found = await repository.deliveries(session, row.id, asked)
        return asked.page(found, lambda each: (each.created_at, each.id))

    async def tell(self, session: Transaction, account_id: str, event: str, data: Mapping[str, Any]) -> None:
        """Send an event to the account's endpoints that want it, once the transaction is committed."""
        for row in await repository.of_account(session, account_id):
            if event in row.events.split(","):
                self._add_delivery(session, row, event, data)

    def _add_delivery(self, session: Transaction, row: WebhookEndpoint, event: str, data: Mapping[str, Any]) -> None:
        now = self._clocks.everywhere()
        body = {"type": event, "timestamp": iso(now), "data": {"account_id": row.account_id, **data}}
        delivery = WebhookDelivery(
            id=new_id("event"),
            endpoint_id=row.id,
            type=event,
            body=json.dumps(body, separators=(",", ":")),
            state="waiting",
            tries=0,
            next_at=now,
            created_at=now,
        )
        repository.add(session, delivery)


async def _existing(session: Transaction, account_id: str, endpoint_id: str) -> WebhookEndpoint:
    row = await repository.get(session, account_id, endpoint_id)
    if row is None:
        raise NotFound(f"webhook endpoint '{endpoint_id}' does not exist")
    return row
