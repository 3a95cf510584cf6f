"""A small client of the public contract, for the command line."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import click
import grpc
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs

from api.tokens import unpack_credential
from cli.endpoint import address_of

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 5.0
PUBLISH_TIMEOUT_SECONDS = 5.0

_CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)
"""A dead link is noticed within 15 s, and a service that is back is found within 5 s."""

_FINAL = frozenset({
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
})  # fmt: skip
"""After these, another try would end the same way."""


@dataclass(slots=True)
class Position:
    """Where a subscriber stands: the newest number that it has, and its page; 0 and 0 at the beginning."""

    number: int = 0
    page: int = 0


class Refused(click.ClickException):
    """The service said no."""

    exit_code = 1


class Unreachable(click.ClickException):
    """Nobody answered."""

    exit_code = 3


class Client:
    """Publishes and subscribes with one key."""

    def __init__(self, endpoint: str, key: str) -> None:
        """See `cli.endpoint` for what an endpoint is."""
        address, secure = address_of(endpoint)
        token = unpack_credential(key.strip())
        if not token.isascii() or not token.isprintable():
            raise click.UsageError("the key holds letters that are in no key")
        self._endpoint = endpoint
        if secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address, credentials, options=_CHANNEL_OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, options=_CHANNEL_OPTIONS)
        self._stub: Any = stubs.PubsubStub(self._channel)  # generated without types
        self._metadata = (("authorization", token), ("agent", "tidings:cli:1"))

    def close(self) -> None:
        """Disconnect."""
        self._channel.close()

    def publish(self, cache: str, topic: str, value: wire._TopicValue) -> None:
        """Publish one value.

        Raises:
            click.ClickException: it was refused, or nobody answered.
        """
        request = wire._PublishRequest(cache_name=cache, topic=topic, value=value)
        try:
            self._stub.Publish(request, timeout=PUBLISH_TIMEOUT_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._told(error) from error

    def subscribe(
        self, cache: str, topic: str, position: Position, lost: Callable[[str], None]
    ) -> Iterator[wire._SubscriptionItem]:
        """Return messages, heartbeats included, for ever; a connection that breaks is taken up where it was.

        Args:
            cache: The cache's name.
            topic: The topic's name.
            position: Where to begin; it is kept current.
            lost: Is told, once, why a connection that had worked broke.

        Raises:
            click.ClickException: the subscription could not be opened at all, or was refused later.
        """
        has_worked = False
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            request = wire._SubscriptionRequest(
                cache_name=cache,
                topic=topic,
                resume_at_topic_sequence_number=position.number + 1 if position.page else position.number,
                sequence_page=position.page,
            )
            reason = "the stream ended"
            try:
                for message in self._stub.Subscribe(request, metadata=self._metadata):
                    has_worked, retry_seconds = True, FIRST_RETRY_SECONDS
                    _advance(position, message)
                    yield message
            except grpc.RpcError as error:
                if error.code() in _FINAL or not (has_worked or error.code() is grpc.StatusCode.INTERNAL):
                    raise self._told(error) from error
                reason = error.code().name.lower().replace("_", " ")
            if retry_seconds == FIRST_RETRY_SECONDS:
                lost(reason)
            time.sleep(retry_seconds)
            retry_seconds = min(retry_seconds * 2, LAST_RETRY_SECONDS)

    def _told(self, error: grpc.RpcError) -> click.ClickException:
        if _is_of_the_service(error):
            return Refused(f"{error.details()} ({error.code().name})")
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return Unreachable(f"nobody answers at {self._endpoint}; is the service running there?")
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Unreachable(f"no answer from {self._endpoint} within {PUBLISH_TIMEOUT_SECONDS:g} s")
        return Refused(f"{error.details()} ({error.code().name})")


def _is_of_the_service(error: Any) -> bool:  # noqa: ANN401 - grpc's class does not say that it is a call
    """Whether the service answered so: gRPC's own errors, and those of what stands between, carry nothing of it."""
    return any(name in {"err", "x-request-id"} for name, _ in error.trailing_metadata() or ())


def _advance(position: Position, message: wire._SubscriptionItem) -> None:
    match message.WhichOneof("kind"):
        case "item":
            position.number, position.page = message.item.topic_sequence_number, message.item.sequence_page
        case "discontinuity":
            told = message.discontinuity
            position.number, position.page = max(told.new_topic_sequence - 1, 0), told.new_sequence_page
        case _:
            pass
