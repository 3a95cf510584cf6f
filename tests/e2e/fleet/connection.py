"""A gRPC connection to one router, without an SDK, for a workload of many clients in one process."""

from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs

from tests.e2e.fleet.ledger import ACKNOWLEDGED

PUBLISH_SECONDS = 5.0
"""The deadline of SDKs. A router answers sooner, also when it has to say no."""

_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    # As SDKs have it.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 1000),
    ("grpc.keepalive_permit_without_calls", 1),
]


class Connection:
    """Reaches a router at `address`, `host:port`, with a key."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._stub: Any = stubs.PubsubStub(self._channel)
        self._metadata = (("authorization", key),)

    def __repr__(self) -> str:
        return f"<Connection {self.address} {self._channel.get_state().name}>"

    async def aclose(self) -> None:
        await self._channel.close()

    async def publish(self, cache: str, topic: str, value: str) -> str:
        """Publish, and return `OK` or the name of the status that it failed with."""
        request = wire._PublishRequest(cache_name=cache, topic=topic, value=wire._TopicValue(text=value))
        try:
            await self._stub.Publish(request, metadata=self._metadata, timeout=PUBLISH_SECONDS)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return ACKNOWLEDGED

    def subscribe(self, cache: str, topic: str, number: int, page: int) -> AsyncIterator[wire._SubscriptionItem]:
        """Open a stream; it ends with an `AioRpcError`."""
        request = wire._SubscriptionRequest(
            cache_name=cache, topic=topic, resume_at_topic_sequence_number=number, sequence_page=page
        )
        return cast("AsyncIterator[wire._SubscriptionItem]", self._stub.Subscribe(request, metadata=self._metadata))
