"""The contract's RPCs without an SDK: gRPC stubs, a token, and answers as they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import grpc
from momento_wire_types import auth_pb2, token_pb2
from momento_wire_types import auth_pb2_grpc as auth_stubs
from momento_wire_types import cachepubsub_pb2 as pubsub
from momento_wire_types import cachepubsub_pb2_grpc as pubsub_stubs
from momento_wire_types import controlclient_pb2 as control
from momento_wire_types import controlclient_pb2_grpc as control_stubs
from momento_wire_types import permissionmessages_pb2 as permissions
from momento_wire_types import token_pb2_grpc as token_stubs

from tests.patience import patient

Message: TypeAlias = Any
"""A message or call of the contract, whose stubs name nested types by paths that do not resolve."""

SECONDS = patient(10)
"""How long an answer may take; no test asserts it."""


@dataclass(frozen=True)
class Refusal:
    """How a call or a stream failed."""

    code: grpc.StatusCode
    message: str
    err: str | None


class Subscription:
    """One stream, read message by message."""

    def __init__(self, call: Message) -> None:
        self._call = call

    def next(self) -> pubsub._SubscriptionItem:
        """Return the next message of any kind; it blocks until there is one."""
        return cast("pubsub._SubscriptionItem", next(self._call))

    def next_but_heartbeats(self) -> pubsub._SubscriptionItem:
        """Return the next item or discontinuity."""
        while (message := self.next()).WhichOneof("kind") == "heartbeat":
            pass
        return message

    def item(self) -> pubsub._TopicItem:
        """Return the next item; a discontinuity before it is a failure."""
        message = self.next_but_heartbeats()
        assert message.WhichOneof("kind") == "item", message
        return message.item

    def texts(self, count: int) -> list[str]:
        """Return the texts of the next items."""
        return [self.item().value.text for _ in range(count)]

    def end(self) -> Refusal:
        """Read to the end and return how it ended; OK is a failure."""
        try:
            while True:
                self.next()
        except grpc.RpcError as error:
            return refusal(error)
        except StopIteration:
            raise AssertionError("the stream ended with OK") from None

    def trailers(self) -> dict[str, str]:
        """Return what came with the end."""
        return dict(self._call.trailing_metadata())

    def cancel(self) -> None:
        """Leave, as a client does."""
        self._call.cancel()


class Client:
    """One connection with one token; `metadata` goes with every call, underscores in names as dashes."""

    def __init__(self, port: int, token: str, authority: Path | None = None, /, **metadata: str) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 5_243_000)]
        target = f"127.0.0.1:{port}"
        if authority is None:
            self.channel = grpc.insecure_channel(target, options=options)
        else:
            trusted = grpc.ssl_channel_credentials(authority.read_bytes())
            self.channel = grpc.secure_channel(target, trusted, options=options)
        self.metadata = (("authorization", token), *((name.replace("_", "-"), text) for name, text in metadata.items()))
        self._pubsub: Any = pubsub_stubs.PubsubStub(self.channel)
        self._control: Any = control_stubs.ScsControlStub(self.channel)
        self._auth: Any = auth_stubs.AuthStub(self.channel)
        self._token: Any = token_stubs.TokenStub(self.channel)

    def close(self) -> None:
        self.channel.close()

    def publish(self, cache: str, topic: str, value: str | bytes, **call: Message) -> Message:
        """Publish a text or bytes."""
        carried = pubsub._TopicValue(text=value) if isinstance(value, str) else pubsub._TopicValue(binary=value)
        return self.publish_value(cache, topic, carried, **call)

    def publish_value(self, cache: str, topic: str, value: pubsub._TopicValue | None, **call: Message) -> Message:
        """Publish a value as it is; it may be absent."""
        request = pubsub._PublishRequest(cache_name=cache, topic=topic, value=value)
        return self._pubsub.Publish(request, **self._call(call))

    def open(self, cache: str, topic: str, number: int = 0, page: int = 0, **call: Message) -> Subscription:
        """Begin a subscription and read nothing of it yet."""
        request = pubsub._SubscriptionRequest(
            cache_name=cache, topic=topic, resume_at_topic_sequence_number=number, sequence_page=page
        )
        return Subscription(self._pubsub.Subscribe(request, metadata=self.metadata, **call))

    def subscribe(self, cache: str, topic: str, number: int = 0, page: int = 0, **call: Message) -> Subscription:
        """Subscribe, and insist on the heartbeat that comes first."""
        subscription = self.open(cache, topic, number, page, **call)
        first = subscription.next()
        assert first.WhichOneof("kind") == "heartbeat", first
        return subscription

    def create_cache(self, name: str) -> Message:
        return self._control.CreateCache(control._CreateCacheRequest(cache_name=name), **self._call({}))

    def delete_cache(self, name: str) -> Message:
        return self._control.DeleteCache(control._DeleteCacheRequest(cache_name=name), **self._call({}))

    def flush_cache(self, name: str) -> Message:
        return self._control.FlushCache(control._FlushCacheRequest(cache_name=name), **self._call({}))

    def list_caches(self) -> Message:
        return self._control.ListCaches(control._ListCachesRequest(next_token=""), **self._call({}))

    def control(self, method: str, request: Message) -> Message:
        """Call another method of the control service."""
        return getattr(self._control, method)(request, **self._call({}))

    def raw(self, path: str, request: bytes = b"", **call: Message) -> bytes:
        """Call any method, with bytes and without a token."""
        method: Any = self.channel.unary_unary(path, bytes, bytes)
        return method(request, **{"timeout": SECONDS, **call})

    def generate(self, auth_token: str, grant: Message = None, seconds: int | None = None) -> Message:
        """GenerateApiToken with the credential in the body alone, as JavaScript has it. No grant is a super user's."""
        request = auth_pb2._GenerateApiTokenRequest(auth_token=auth_token, permissions=grant or super_user())
        if seconds is None:
            request.never.SetInParent()
        else:
            request.expires.valid_for_seconds = seconds
        return self._auth.GenerateApiToken(request, timeout=SECONDS)

    def refresh(self, api_key: str, refresh_token: str) -> Message:
        request = auth_pb2._RefreshApiTokenRequest(api_key=api_key, refresh_token=refresh_token)
        return self._auth.RefreshApiToken(request, timeout=SECONDS)

    def disposable(self, auth_token: str, grant: Message, seconds: int = 600, token_id: str = "") -> Message:
        request = token_pb2._GenerateDisposableTokenRequest(auth_token=auth_token, permissions=grant, token_id=token_id)
        request.expires.valid_for_seconds = seconds
        return self._token.GenerateDisposableToken(request, timeout=SECONDS)

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": self.metadata, "timeout": SECONDS, **call}


def refusal(error: grpc.RpcError) -> Refusal:
    """Return what an SDK sees of a failure."""
    failed = cast("Any", error)
    trailers: Sequence[tuple[str, str]] = failed.trailing_metadata() or ()
    return Refusal(failed.code(), str(failed.details()), dict(trailers).get("err"))


def super_user() -> Message:
    """Return the permissions of a super user."""
    return permissions.Permissions(super_user=permissions.SuperUser)


def topic_grant(cache: str = "", topic: str = "", prefix: str = "", role: int = 1) -> Message:
    """Return the permission for topics; what is left out matches everything."""
    body: Any = permissions.PermissionsType.TopicPermissions(role=cast("Any", role))
    if cache:
        body.cache_selector.cache_name = cache
    if topic:
        body.topic_selector.topic_name = topic
    if prefix:
        body.topic_selector.topic_name_prefix = prefix
    return permissions.PermissionsType(topic_permissions=body)


def cache_grant(cache: str = "", role: int = 1, **item: bytes) -> Message:
    """Return the permission for cache items."""
    body: Any = permissions.PermissionsType.CachePermissions(role=cast("Any", role))
    if cache:
        body.cache_selector.cache_name = cache
    for name, value in item.items():
        setattr(body.item_selector, name, value)
    return permissions.PermissionsType(cache_permissions=body)


def explicit(*entries: Message) -> Message:
    """Return explicit permissions."""
    return permissions.Permissions(explicit=permissions.ExplicitPermissions(permissions=list(entries)))
