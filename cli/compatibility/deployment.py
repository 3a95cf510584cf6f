"""A deployment as a client sees it: the contract's RPCs with raw gRPC, bounded in time, and what was made there."""

import secrets
from typing import Any, NamedTuple, TypeVar, cast

import grpc
from google.protobuf.message import Message
from momento_wire_types import auth_pb2, token_pb2
from momento_wire_types import auth_pb2_grpc as auth_stubs
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as pubsub_stubs
from momento_wire_types import controlclient_pb2 as control
from momento_wire_types import controlclient_pb2_grpc as control_stubs
from momento_wire_types import token_pb2_grpc as token_stubs

from api.tokens import unpack_credential
from cli.compatibility.keys_left import revoke_keys
from cli.compatibility.stream import Stream
from cli.endpoint import address_of

CALL_SECONDS = 10.0
STREAM_SECONDS = 20.0
LARGEST_ANSWER_BYTES = 8 * 1024 * 1024


Answer = TypeVar("Answer", bound=Message)


def _serialised(message: Message) -> bytes:
    return message.SerializeToString()


class Addresses(NamedTuple):
    """Where the services are, as `host:port`, and the HTTP API, as a URL."""

    cache: str
    control: str
    token: str
    http: str
    is_secure: bool

    @classmethod
    def of(cls, endpoint: str) -> "Addresses":
        """Return those of an endpoint.

        Raises:
            click.UsageError: it is none.
        """
        found = [address_of(endpoint, service) for service in ("cache", "control", "token", "api.cache")]
        (cache, control, token, http), is_secure = [address for address, _ in found], found[0][1]
        return cls(cache, control, token, f"{'https' if is_secure else 'http'}://{http}", is_secure)


class Deployment:
    """One deployment, called with one key unless a call is given another token."""

    def __init__(self, endpoint: str, key: str) -> None:
        self.addresses = Addresses.of(endpoint)
        self.key = unpack_credential(key.strip())
        self.cache = ""
        self._made: set[str] = set()
        self._mark = f"compat-{secrets.token_hex(8)}"
        self._channels = {address: self._channel(address) for address in set(self.addresses[:3])}
        cache, own = self._channels[self.addresses.cache], self._channels[self.addresses.control]
        self._pubsub: Any = pubsub_stubs.PubsubStub(cache)  # stubs are generated without types
        self._control: Any = control_stubs.ScsControlStub(own)
        self._auth: Any = auth_stubs.AuthStub(own)
        self._token: Any = token_stubs.TokenStub(self._channels[self.addresses.token])

    def close(self) -> None:
        """Delete the caches and the keys that were made, and disconnect."""
        for name in list(self._made):
            try:
                self.delete_cache(name)
            except grpc.RpcError:
                continue  # a check has deleted it, or nobody answers any more
        revoke_keys(self.addresses.http, self.key, self._mark)
        for channel in self._channels.values():
            channel.close()

    def new_cache(self) -> str:
        """Make a cache of a name that nobody has."""
        name = f"compat-{secrets.token_hex(8)}"
        self.create_cache(name)
        return name

    def publish(self, topic: str, value: str | bytes, *, cache: str = "", token: str | None = None) -> None:
        content = wire._TopicValue(text=value) if isinstance(value, str) else wire._TopicValue(binary=value)
        request = wire._PublishRequest(cache_name=cache or self.cache, topic=topic, value=content)
        self._pubsub.Publish(request, timeout=CALL_SECONDS, metadata=self._metadata(token))

    def publish_nothing(self, topic: str) -> None:
        """Publish without a value."""
        request = wire._PublishRequest(cache_name=self.cache, topic=topic)
        self._pubsub.Publish(request, timeout=CALL_SECONDS, metadata=self._metadata(None))

    def open(self, topic: str, number: int = 0, page: int = 0, *, cache: str = "", token: str | None = None) -> Stream:
        """Begin a subscription and read nothing of it yet."""
        request = wire._SubscriptionRequest(
            cache_name=cache or self.cache, topic=topic, resume_at_topic_sequence_number=number, sequence_page=page
        )
        return Stream(self._pubsub.Subscribe(request, timeout=STREAM_SECONDS, metadata=self._metadata(token)))

    def create_cache(self, name: str, *, token: str | None = None) -> None:
        self._control.CreateCache(
            control._CreateCacheRequest(cache_name=name), timeout=CALL_SECONDS, metadata=self._metadata(token)
        )
        self._made.add(name)

    def delete_cache(self, name: str, *, token: str | None = None) -> None:
        self._control.DeleteCache(
            control._DeleteCacheRequest(cache_name=name), timeout=CALL_SECONDS, metadata=self._metadata(token)
        )
        self._made.discard(name)

    def flush_cache(self, name: str) -> None:
        request = control._FlushCacheRequest(cache_name=name)
        self._control.FlushCache(request, timeout=CALL_SECONDS, metadata=self._metadata(None))

    def call_control(self, method: str, request: object) -> Any:  # noqa: ANN401 - an answer of the generated stubs
        """Call any method of the control service."""
        return getattr(self._control, method)(request, timeout=CALL_SECONDS, metadata=self._metadata(None))

    def raw(self, path: str) -> bytes:
        """Call any method with an empty message and without a token."""
        method: Any = self._channels[self.addresses.cache].unary_unary(path, bytes, bytes)
        return bytes(method(b"", timeout=CALL_SECONDS))

    def call_webhook(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Call a method of the service of webhooks."""
        channel = self._channels[self.addresses.control]
        call: Any = channel.unary_unary(f"/webhook.Webhook/{method}", _serialised, answer.FromString)
        return cast("Answer", call(request, timeout=CALL_SECONDS, metadata=self._metadata(None)))

    def generate(self, grant: object, seconds: int | None = 600, *, token: str | None = None) -> Any:  # noqa: ANN401
        """Make a key with explicit permissions; the credential is in the body alone, as JavaScript has it."""
        request: Any = auth_pb2._GenerateApiTokenRequest(
            auth_token=self.key if token is None else token, description=self._mark
        )
        request.permissions.CopyFrom(grant)
        if seconds is None:
            request.never.SetInParent()
        else:
            request.expires.valid_for_seconds = seconds
        return self._auth.GenerateApiToken(request, timeout=CALL_SECONDS)

    def refresh(self, api_key: str, refresh_token: str) -> Any:  # noqa: ANN401
        request = auth_pb2._RefreshApiTokenRequest(api_key=api_key, refresh_token=refresh_token)
        return self._auth.RefreshApiToken(request, timeout=CALL_SECONDS)

    def disposable(self, grant: object, seconds: int = 600, token_id: str = "") -> str:
        """Make a disposable token."""
        request: Any = token_pb2._GenerateDisposableTokenRequest(auth_token=self.key, token_id=token_id)
        request.permissions.CopyFrom(grant)
        request.expires.valid_for_seconds = seconds
        made = self._token.GenerateDisposableToken(request, timeout=CALL_SECONDS, metadata=self._metadata(None))
        return str(made.api_key)

    def _metadata(self, token: str | None) -> tuple[tuple[str, str], ...]:
        return (("authorization", self.key if token is None else token),)

    def _channel(self, address: str) -> grpc.Channel:
        options = [("grpc.max_receive_message_length", LARGEST_ANSWER_BYTES)]
        if self.addresses.is_secure:
            return grpc.secure_channel(address, grpc.ssl_channel_credentials(), options=options)
        return grpc.insecure_channel(address, options=options)
