"""The gRPC service `cache_client.pubsub.Pubsub` straight on ASGI, and the `Ping` that SDKs use to warm a connection."""

import logging

from google.protobuf.message import DecodeError
from momento_wire_types import cachepubsub_pb2 as wire

from api.errors import InvalidArgument, StreamMoved, TidingsError
from api.gone import ClientGone
from api.grpc_asgi import (
    Receive,
    Scope,
    Send,
    beating,
    client_address,
    end_stream,
    is_direct,
    metadata,
    refuse,
    reply_empty,
    request_message,
    shown,
    start_stream,
    timeout_seconds,
    when_left,
    write,
)
from api.items import value_size
from api.log_context import bind, binding
from router.at_once import PublishAtOnce
from router.controls import Controls
from router.publishes import MAX_NAMES_BYTES, MAX_PUBLISH_BYTES, about, check_value, refusing, request_of
from router.refusals import Refusals
from router.router import Router
from router.subscription import Subscription
from router.writer import Writer

PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
SUBSCRIBE = "/cache_client.pubsub.Pubsub/Subscribe"
PING = "/cache_client.Ping/Ping"

_log = logging.getLogger(__name__)


class Pubsub:
    """Publish and Subscribe for clients."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._refusals = Refusals()
        self._controls = Controls() if router.settings.local else None

    async def publish(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one Publish."""
        bearer, cache, topic = None, "", ""
        try:
            headers = metadata(scope)
            address = client_address(scope)
            bearer = await self._router.bearers.bearer(headers.get(b"authorization", b"").decode("latin-1"), address)
            body = await request_message(receive, MAX_PUBLISH_BYTES, headers.get(b"grpc-encoding", b""))
            cache, topic, value = request_of(body)
            check_value(value)
            if self._controls is not None:
                await self._controls.before("topic-publish", headers)
            timeout = timeout_seconds(headers.get(b"grpc-timeout"))
            writable = await self._router.writable(bearer, cache, topic, address)
            await self._router.publish(bearer, writable, value, value_size(value), timeout)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets a status and never OK
            failure = error
        else:
            await reply_empty(send)
            return
        with refusing(self._router, scope, bearer, (cache, topic), failure) as reason:
            await refuse(send, reason)

    def at_once(self, scope: Scope, client: tuple[str, int] | None) -> PublishAtOnce | None:
        """Return who answers publishes with these headers of a client at once; None for nobody.

        Calls that are traced, or under the controls of SDKs' tests, are calls in earnest.
        """
        if scope["path"] != PUBLISH or self._controls is not None or self._router.spans is not None:
            return None
        try:
            return PublishAtOnce(self._router, {**scope, "client": client})
        except TidingsError:
            return None  # `publish` says why, each time

    async def subscribe(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one Subscribe, from its first heartbeat to its end."""
        try:
            headers = metadata(scope)
            if self._controls is not None:
                await self._controls.before("topic-subscribe", headers)
            subscription = await self._open(headers, receive, scope)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - see publish
            with binding(**about(scope)):
                reason = shown(error)
                _log.debug("a subscription was refused: %s", reason.code)
                self._router.counts.refused["subscribe", reason.code] += 1
                await self._refusals.pause(scope.get("client"), reason)
                await refuse(send, reason)
            return
        try:
            await when_left(scope, send, subscription.left)
            await start_stream(send)
            await self._pump(subscription, headers, send)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - see publish
            with binding(**about(scope, subscription.bearer)):
                await end_stream(send, shown(error))
        finally:
            self._router.unsubscribe(subscription)

    async def ping(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one Ping; nobody needs a token for it."""
        try:
            await request_message(receive, MAX_NAMES_BYTES, metadata(scope).get(b"grpc-encoding", b""))
        except TidingsError as error:
            with binding(**about(scope)):
                await refuse(send, error)
        except ClientGone:
            return
        else:
            await reply_empty(send)

    async def _open(self, headers: dict[bytes, bytes], receive: Receive, scope: Scope) -> Subscription:
        address, direct = client_address(scope), is_direct(scope)
        bearer = await self._router.bearers.bearer(headers.get(b"authorization", b"").decode("latin-1"), address)
        cache = topic = ""

        async def is_gone() -> bool:
            return (await receive())["type"] == "http.disconnect"

        try:
            body = await request_message(receive, MAX_NAMES_BYTES, headers.get(b"grpc-encoding", b""))
            request = _subscription_request(body)
            cache, topic = request.cache_name, request.topic
            number, page = request.resume_at_topic_sequence_number, request.sequence_page
            return await self._router.subscribe(bearer, cache, topic, number, page, is_gone, address, direct=direct)
        except TidingsError as reason:
            bind(account=bearer.tenant.account_id, cache=cache)
            self._router.refused(bearer, "subscribe", cache, topic, reason)
            raise

    async def _pump(self, subscription: Subscription, headers: dict[bytes, bytes], send: Send) -> None:
        most = self._router.settings.web_stream_bytes if b"x-grpc-web" in headers else float("inf")
        limit = self._controls.stream_limit("topic-subscribe", headers) if self._controls is not None else None
        if limit is None and most == float("inf"):
            subscription.beat_by(beating(send))
            while not subscription.follows:
                await write(send, await subscription.next())
                subscription.delivered()
            await Writer(subscription, send).run()
        written = 0
        while written < most:
            frames = await subscription.next()
            written += len(frames)
            if limit is not None:
                frames = limit.admitted(frames)
            await write(send, frames)
            subscription.delivered()
            if limit is not None and limit.reached:
                if not limit.withheld:
                    await subscription.next()
                raise limit.error
        raise StreamMoved


def _subscription_request(body: bytes) -> wire._SubscriptionRequest:
    try:
        return wire._SubscriptionRequest.FromString(body)
    except DecodeError:
        raise InvalidArgument("the request is not a valid SubscriptionRequest, or its text is not UTF-8") from None
