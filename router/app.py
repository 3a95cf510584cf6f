"""The router as an ASGI application."""

from api.asgi import identified
from api.gone import forgotten
from api.grpc_asgi import ASGIApp, Receive, Scope, Send
from api.traced import Traced
from router.http.inspect import InspectApi
from router.http.request import INSPECT, PREFIX
from router.http.topics import TopicsApi
from router.pubsub import PING, PUBLISH, SUBSCRIBE, Pubsub
from router.router import Router


class RouterApp:
    """Publish, Subscribe and Ping over gRPC, and topics and their inspector over plain HTTP.

    Attributes:
        at_once: Returns who answers calls without a task; see `Pubsub.at_once`.
    """

    def __init__(self, router: Router) -> None:
        pubsub = Pubsub(router)
        self.at_once = pubsub.at_once
        self._topics, self._inspect = TopicsApi(router), InspectApi(router)
        publish: ASGIApp = pubsub.publish
        self._post: ASGIApp = self._topics
        if router.spans is not None:
            publish = Traced(publish, router.spans, "publish")
            self._post = Traced(self._post, router.spans, "publish")
        self._grpc: dict[str, ASGIApp] = {PUBLISH: publish, SUBSCRIBE: pubsub.subscribe, PING: pubsub.ping}

    def serves(self, path: str) -> bool:
        """Whether requests to this path are the router's."""
        return path in self._grpc or path.startswith((PREFIX, INSPECT))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._grpc.get(scope["path"])
        try:
            if call is not None:
                await call(scope, receive, send)
            else:
                await identified(self._over_http(scope), scope, receive, send)
        except OSError as reason:  # the client left while its answer was written
            forgotten(reason)

    def _over_http(self, scope: Scope) -> ASGIApp:
        if scope["path"].startswith(INSPECT):
            return self._inspect
        return self._post if scope["method"] == "POST" else self._topics
