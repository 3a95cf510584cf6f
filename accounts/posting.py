"""All that has to do with webhooks of topics, put together."""

from collections.abc import Sequence

from fastapi import APIRouter

from accounts.database import Database
from accounts.encryption import MasterKeys
from accounts.rpc.callers import CallerOf
from accounts.rpc.service import Service
from accounts.rpc.webhooks import SERVICE, WebhookService
from accounts.webhook_deliveries import endpoints as delivery_routes
from accounts.webhook_deliveries.couriers import Couriers
from accounts.webhook_deliveries.service import Deliveries
from accounts.webhook_deliveries.topics import Topics
from accounts.webhooks import endpoints as webhook_routes
from accounts.webhooks import secret_endpoints as secret_routes
from accounts.webhooks.service import Webhooks
from api.webhooks import LateSender


class Posting:
    """Webhooks, and couriers from `start` to `close`."""

    def __init__(self, database: Database, master_keys: MasterKeys, topics: Topics, *, allow_private: bool) -> None:
        """With `allow_private`, receivers may be in this installation's own network, and without TLS."""
        self.webhooks = Webhooks(database, master_keys, topics, allow_private=allow_private)
        self.deliveries = Deliveries(database, master_keys, self.webhooks)
        self.couriers = Couriers(database, master_keys, topics, LateSender(allow_private=allow_private))

    def routers(self) -> Sequence[APIRouter]:
        """Return the endpoints."""
        return [
            webhook_routes.routes(self.webhooks, self.deliveries),
            secret_routes.routes(self.webhooks),
            delivery_routes.routes(self.deliveries),
        ]

    def service(self, caller_of: CallerOf) -> Service:
        """Return the gRPC service."""
        return Service(SERVICE, WebhookService(caller_of, self.webhooks).methods())
