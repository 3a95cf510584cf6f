"""What a Publish asks for, and how one is refused; for those with a task and for those without (`router.at_once`)."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from google.protobuf.message import DecodeError
from momento_wire_types import cachepubsub_pb2 as wire

from api import request_ids
from api.account import LARGEST_MESSAGE_BYTES
from api.errors import InvalidArgument, TidingsError
from api.grpc_asgi import Scope, shown
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
