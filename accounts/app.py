"""The account tier as an ASGI application: REST under `/v1`, and the gRPC services that manage and mint."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from typing_extensions import override

from accounts.idempotency.service import IdempotentRequests
from accounts.rest import errors, openapi
from accounts.rest.body_limit import BodyLimit
from accounts.rest.guards import Guards
from accounts.rest.idempotency import Idempotency
from accounts.rest.rate_limits import RateLimits, RestLimits
from accounts.rpc.service import Service


class Application(FastAPI):
    """The framework's application, with a document that is true of all that stands around the endpoints.

    Attributes:
        endpoints: Those of the REST API.
    """

    def __init__(self, routers: Sequence[APIRouter], cookie: str) -> None:
        """Take the endpoints of the REST API, and the name of the cookie that holds a log-in."""
        super().__init__(
            title="Tidings",
            version="1",
            summary="Accounts, caches, keys, limits, usage and money of a publish and subscribe service.",
            docs_url=None,
            redoc_url=None,
            openapi_url="/v1/openapi.json",
            redirect_slashes=False,
        )
        self.endpoints = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
        self._cookie = cookie
        for router in routers:
            self.add(router)

    def add(self, router: APIRouter) -> None:
        """Serve the endpoints of a router, as they are: `include_router` would make each of them a second time."""
        self.routes.extend(router.routes)

    @override
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            openapi.complete(super().openapi(), self.endpoints, self._cookie)
        return super().openapi()


def create_app(
    routers: Sequence[APIRouter],
    services: Sequence[Service],
    guards: Guards,
    idempotent_requests: IdempotentRequests,
    limits: RestLimits,
) -> Application:
    """Put endpoints and services into one application."""
    app = Application(routers, guards.cookie.name)
    app.state.guards = guards
    # The last one is met first: what is too much is refused before it is read, and read before it is looked up.
    app.add_middleware(Idempotency, requests=idempotent_requests, guards=guards)
    app.add_middleware(BodyLimit)
    app.add_middleware(RateLimits, limits=limits, guards=guards)
    errors.install(app)
    for service in services:
        app.mount(service.path, service)
    return app
