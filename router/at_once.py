"""Publishes that are answered without a task: at once, or when their node on another machine has answered."""

from functools import partial

from api.errors import NotFound
from api.framing import unframe
from api.grpc_asgi import NOTHING, Answer, Promise, Scope, client_address, metadata, refusal, timeout_seconds
from api.items import value_size
from router.bearer import Bearer
from router.publishes import MAX_PUBLISH_BYTES, check_value, refusing, request_of
from router.router import Router


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

    def answer(self, body: bytes, promise: Promise) -> bool:
        """Publish, hand `promise` the answer, now or when the topic's node has said what came of it, and return True.

        Return False, with nothing done, where an account, a cache or a spend cap has to be asked, or a node that is not
        linked.
        """
        bearer, cache, topic = None, "", ""
        failure: Exception | None = None
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
            if link.local is None:
                ended = partial(self._ended, promise, bearer, (cache, topic))
                return router.begin_publish(link, bearer, writable, value, value_bytes, timeout, ended)
            router.publish_at(link.local, bearer, writable, value, value_bytes)
        except NotFound:
            return False  # the cache may have been made a moment ago
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets a status and never OK
            failure = error
        self._ended(promise, bearer, (cache, topic), failure)
        return True

    def _ended(
        self, promise: Promise, bearer: Bearer | None, names: tuple[str, str], failure: Exception | None
    ) -> None:
        promise.come(NOTHING if failure is None else self._refusal(bearer, names, failure))

    def _refusal(self, bearer: Bearer | None, names: tuple[str, str], failure: Exception) -> Answer:
        with refusing(self._router, self._scope, bearer, names, failure) as reason:
            return refusal(reason)
