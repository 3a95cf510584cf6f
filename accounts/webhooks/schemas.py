"""What goes over the REST API about webhooks of topics."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from accounts.webhooks.models import Webhook
from accounts.webhooks.secrets import OVERLAP_SECONDS
from accounts.webhooks.service import LARGEST_CONCURRENCY, LARGEST_RATE
from api.webhooks.targets import LONGEST_URL

LONGEST_OVERLAP_SECONDS = 30 * 86_400

Name = Annotated[str, StringConstraints(max_length=1024)]
Url = Annotated[str, StringConstraints(max_length=LONGEST_URL), Field(examples=["https://example.com/items"])]
Topic = Annotated[str, StringConstraints(max_length=1024), Field(examples=["room-7"])]
Concurrency = Annotated[
    int,
    Field(strict=True, ge=1, le=LARGEST_CONCURRENCY, description="Requests at a time; items come in order with 1."),
]
PerSecond = Annotated[int, Field(strict=True, ge=1, le=LARGEST_RATE, description="Requests a second.")]


class NewWebhook(Input):
    cache: Annotated[Name, Field(examples=["chat"])]
    name: Annotated[Name, Field(examples=["archive"])]
    topic: Topic
    url: Url
    max_concurrency: Concurrency = 1
    max_requests_per_second: PerSecond = 100


class WebhookChange(Input):
    """What is left out stays as it is."""

    topic: Topic | None = None
    url: Url | None = None
    max_concurrency: Concurrency | None = None
    max_requests_per_second: PerSecond | None = None


class Rotation(Input):
    overlap_seconds: Annotated[
        int,
        Field(
            strict=True,
            ge=0,
            le=LONGEST_OVERLAP_SECONDS,
            description="How long requests carry a signature by the old secret too.",
        ),
    ] = OVERLAP_SECONDS


class WebhookInfo(Output):
    webhook_id: Annotated[str, Field(examples=["hook_0aK1c2S7bYq4mHeW2dnZ"])]
    cache: str
    name: str
    topic: str
    url: str
    max_concurrency: int
    max_requests_per_second: int
    state: Annotated[str, Field(description="delivering or failing", examples=["delivering"])]
    failing_since_epoch_seconds: int | None
    next_try_at_epoch_seconds: int | None
    last_status: Annotated[int, Field(description="Of the try that failed last; 0 where nothing was answered.")]
    last_reason: str
    sequence_page: int
    sequence_number: Annotated[int, Field(description="Of the last item that is done with.")]
    dead_letters: int
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: Webhook, cache: str, dead_letters: int) -> "WebhookInfo":
        return cls(
            webhook_id=row.id,
            cache=cache,
            name=row.name,
            topic=row.topic,
            url=row.url,
            max_concurrency=row.concurrency,
            max_requests_per_second=row.per_second,
            state="delivering" if row.failing_since is None else "failing",
            failing_since_epoch_seconds=row.failing_since,
            next_try_at_epoch_seconds=row.next_try_at,
            last_status=row.status,
            last_reason=row.reason,
            sequence_page=row.page,
            sequence_number=row.number,
            dead_letters=dead_letters,
            created_at_epoch_seconds=row.created_at,
        )


class Secret(Output):
    secret: Annotated[
        str, Field(description="Signs what is sent.", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    ]


class MadeWebhook(WebhookInfo, Secret):
    pass


class RotatedSecret(Secret):
    old_secret_until_epoch_seconds: int


class Webhooks(Listing):
    webhooks: list[WebhookInfo]
