"""What a Publish asks for, how one is refused, and those that are answered without a task."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from google.protobuf.message import DecodeError
from momento_wire_types import cachepubsub_pb2 as wire

from api import request_ids
from api.account import LARGEST_MESSAGE_BYTES
from api.errors import InvalidArgument, NotFound, TidingsError
from api.framing import unframe
from api.grpc_asgi import NOTHING, Answer, Promise, Scope, client_address, metadata, refusal, shown, timeout_seconds
from api.items import value_size
from api.log_context import binding
from router.bearer import Bearer
from router.router import Router

MAX_NAMES_BYTES = 4096
MAX_PUBLISH_BYTES = LARGEST_MESSAGE_BYTES + MAX_NAMES_BYTES

_log = logging.getLogger(__name__)


def request_of(message: bytes) -> tuple[str, str, bytes]:
    """Return cache, topic and serialised value of a `_PublishRequest`; the value is empty where it holds none.

    Raises:
        InvalidArgument: it is none.
    """
    try:
        request = wire._PublishRequest.FromString(message)
    except DecodeError:
        raise InvalidArgument("the request is not a valid PublishRequest, or its text is not UTF-8") from None
    value = request.value
    return request.cache_name, request.topic, value.SerializeToString() if value.WhichOneof("kind") is not None else b""


def check_value(value: bytes) -> None:
    """Refuse what is no value.

    Raises:
        InvalidArgument: it is empty.
    """
    if not value:
        raise InvalidArgument("the request holds no value; send a text or bytes")


def about(scope: Scope, bearer: Bearer | None = None, cache: str = "") -> dict[str, str]:
    """Return what the log says of a call that did not go well, and what the client is told of it: its id."""
    facts = {"request_id": request_ids.of(scope)}
    if bearer is not None:
        facts["account"] = bearer.tenant.account_id
    return {**facts, "cache": cache} if cache else facts


@contextmanager
def refusing(
    router: Router, scope: Scope, bearer: Bearer | None, names: tuple[str, str], failure: Exception
) -> Generator[TidingsError]:
    """Count a Publish that is refused, by the names of cache and topic that it came with; give what its client sees."""
    cache, topic = names
    with binding(**about(scope, bearer, cache)):
        reason = shown(failure)
        _log.debug("a publish was refused: %s", reason.code)
        if bearer is not None:
            router.refused(bearer, "publish", cache, topic, reason)
        router.counts.refused["publish", reason.code] += 1
        yield reason


class PublishAtOnce:
    """Publishes of one client that come with the same headers, whole, and wait for nothing or for their node alone."""

    __slots__ = ("_address", "_credential", "_encoding", "_router", "_scope", "_timeout")

    def __init__(self, router: Router, scope: Scope) -> None:
        """See `api.grpc_asgi.metadata` for what it raises."""
        headers = metadata(scope)
        self._router = router
        self._scope = scope
        self._address = client_address(scope)
        self._credential = headers.get(b"authorization", b"").decode("latin-1")
        self._encoding = headers.get(b"grpc-encoding", b"")
        self._timeout = headers.get(b"grpc-timeout")

    def answer(self, body: bytes, promise: Promise) -> Answer | bool:
        """Publish; return the answer, or True where `promise` gets it when the topic's node has said what came of it.

        Return False, with nothing done, where an account, a cache or a spend cap has to be asked, or a node that is not
        linked.
        """
        bearer, cache, topic = None, "", ""
        router = self._router
        try:
            bearer = router.bearers.known(self._credential, self._address)
            if bearer is None or bearer.tenant.caps:  # a cap that throttles is asked for each publish, and once
                return False
            cache, topic, value = request_of(unframe(body, MAX_PUBLISH_BYTES, self._encoding))
            check_value(value)
            timeout = timeout_seconds(self._timeout)
            writable = bearer.writable(cache, topic, self._address)
            link, value_bytes = router.owners.link(writable), value_size(value)
            if link.local is not None:
                router.publish_at(link.local, bearer, writable, value, value_bytes)
                return NOTHING
            ended = partial(self._ended, promise, bearer, (cache, topic))
            return router.begin_publish(link, bearer, writable, value, value_bytes, timeout, ended)
        except NotFound:
            return False  # the cache may have been made a moment ago
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets a status and never OK
            failure = error
        return self._refusal(bearer, (cache, topic), failure)

    def _ended(self, promise: Promise, bearer: Bearer, names: tuple[str, str], failure: Exception | None) -> None:
        promise.come(NOTHING if failure is None else self._refusal(bearer, names, failure))

    def _refusal(self, bearer: Bearer | None, names: tuple[str, str], failure: Exception) -> Answer:
        with refusing(self._router, self._scope, bearer, names, failure) as reason:
            return refusal(reason)
