"""What goes over the REST API about webhook endpoints."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from accounts.billing_webhooks.models import WebhookDelivery, WebhookEndpoint
from accounts.billing_webhooks.service import EVENTS
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from api.webhooks.targets import LONGEST_URL

Event = Literal["invoice.finalized", "usage.threshold_reached"]


class NewEndpoint(Input):
    url: Annotated[str, StringConstraints(max_length=LONGEST_URL), Field(examples=["https://example.com/hooks"])]
    events: Annotated[list[Event], Field(min_length=1, max_length=len(EVENTS))]


class EndpointInfo(Output):
    webhook_id: str
    url: str
    events: list[str]
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: WebhookEndpoint) -> "EndpointInfo":
        return cls(
            webhook_id=row.id, url=row.url, events=row.events.split(","), created_at_epoch_seconds=row.created_at
        )


class MadeEndpoint(EndpointInfo):
    secret: str = Field(description="Signs what is sent, as Standard Webhooks says. Shown this once.")


class Endpoints(Output):
    webhooks: list[EndpointInfo]


class DeliveryInfo(Output):
    event_id: str = Field(description="The header `webhook-id`: the same each time that the event is sent.")
    type: str
    state: str = Field(description="waiting, delivered or failed")
    tries: int
    status: int = Field(description="That the last try was answered with; 0 for none.")
    reason: str
    next_at_epoch_seconds: int | None
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: WebhookDelivery) -> "DeliveryInfo":
        return cls(
            event_id=row.id,
            type=row.type,
            state=row.state,
            tries=row.tries,
            status=row.status,
            reason=row.reason,
            next_at_epoch_seconds=row.next_at if row.state == "waiting" else None,
            created_at_epoch_seconds=row.created_at,
        )


class Deliveries(Listing):
    deliveries: list[DeliveryInfo]
