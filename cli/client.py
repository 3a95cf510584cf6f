"""A small client of the public contract, for the command line."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click
import grpc
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs

from api.tokens import unpack_credential

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 5.0
PUBLISH_TIMEOUT_SECONDS = 5.0

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


class Client:
    """Publishes and subscribes with one key."""

    def __init__(self, endpoint: str, key: str) -> None:
        """`endpoint` is a URL, whose scheme says whether TLS is used."""
        url = urlsplit(endpoint)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise click.BadParameter(f"'{endpoint}' is not a URL such as http://127.0.0.1:8080")
        secure = url.scheme == "https"
        address = f"{url.hostname}:{url.port or (443 if secure else 80)}"
        self._endpoint = endpoint
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials()) if secure else None
        self._channel = channel or grpc.insecure_channel(address)
        self._stub: Any = stubs.PubsubStub(self._channel)  # generated without types
        self._metadata = (("authorization", unpack_credential(key)), ("agent", "tidings:cli:1"))

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

    def subscribe(self, cache: str, topic: str, position: Position) -> Iterator[wire._SubscriptionItem]:
        """Return messages, heartbeats included, for ever; a connection that breaks is taken up where it was.

        Raises:
            click.ClickException: the subscription was refused, or ended for good.
        """
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            request = wire._SubscriptionRequest(
                cache_name=cache,
                topic=topic,
                resume_at_topic_sequence_number=position.number + 1 if position.page else position.number,
                sequence_page=position.page,
            )
            try:
                for message in self._stub.Subscribe(request, metadata=self._metadata):
                    retry_seconds = FIRST_RETRY_SECONDS
                    _advance(position, message)
                    yield message
            except grpc.RpcError as error:
                if error.code() in _FINAL:
                    raise self._told(error) from error
            time.sleep(retry_seconds)
            retry_seconds = min(retry_seconds * 2, LAST_RETRY_SECONDS)

    def _told(self, error: grpc.RpcError) -> click.ClickException:
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return click.ClickException(f"nobody answers at {self._endpoint}; is `tidings up` running there?")
        return click.ClickException(f"{error.details()} ({error.code().name})")


def _advance(position: Position, message: wire._SubscriptionItem) -> None:
    match message.WhichOneof("kind"):
        case "item":
            position.number, position.page = message.item.topic_sequence_number, message.item.sequence_page
        case "discontinuity":
            told = message.discontinuity
            position.number, position.page = max(told.new_topic_sequence - 1, 0), told.new_sequence_page
        case _:
            pass
