"""What goes over the REST API about deliveries."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from accounts.rest.paging import Listing
from accounts.rest.schemas import Output
from accounts.webhook_deliveries.events import event_id
from accounts.webhook_deliveries.models import WebhookEvent


class EventInfo(Output):
    event_id: Annotated[str, Field(description="The header `webhook-id`: the same each time that the event is sent.")]
    kind: Annotated[str, Field(description="item or gap", examples=["item"])]
    sequence_page: int
    sequence_number: int
    state: Annotated[str, Field(description="delivered, dead, or replaying: about to be sent once more")]
    tries: int
    status: Annotated[int, Field(description="That the last try was answered with; 0 for none.")]
    reason: str
    settled_at_epoch_seconds: int

    @classmethod
    def of(cls, row: WebhookEvent) -> "EventInfo":
        return cls(**_facts(row))


class DeadLetterInfo(EventInfo):
    dead_letter_id: Annotated[str, Field(examples=["event_2dnZ0aK1c2S7bYq4mHeW"])]
    event: Annotated[
        dict[str, Any] | None,
        Field(description="What was to be told; null where its master key is gone.", examples=[{"text": "hello"}]),
    ]

    @classmethod
    def of_letter(cls, row: WebhookEvent, event: Mapping[str, object] | None) -> "DeadLetterInfo":
        return cls(**_facts(row), dead_letter_id=row.id, event=None if event is None else dict(event))


class EventList(Listing):
    deliveries: list[EventInfo]


class DeadLetterList(Listing):
    dead_letters: list[DeadLetterInfo]


class Replayed(Output):
    dead_letters: Annotated[int, Field(description="How many are sent once more.")]


def _facts(row: WebhookEvent) -> dict[str, Any]:
    return {
        "event_id": event_id(row.webhook_id, row.kind, row.page, row.number),
        "kind": row.kind,
        "sequence_page": row.page,
        "sequence_number": row.number,
        "state": row.state,
        "tries": row.tries,
        "status": row.status,
        "reason": row.reason,
        "settled_at_epoch_seconds": row.settled_at,
    }
