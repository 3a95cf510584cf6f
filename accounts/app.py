"""The account tier as an ASGI application: REST under `/v1`, and the gRPC services that manage and mint."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from accounts.idempotency.service import IdempotentRequests
from accounts.rest import errors
from accounts.rest.body_limit import BodyLimit
from accounts.rest.guards import Guards
from accounts.rest.idempotency import Idempotency
from accounts.rest.rate_limits import RateLimits, RestLimits
from accounts.rest.schemas import Error
from accounts.rpc.service import Service

_RESPONSES: dict[int | str, dict[str, object]] = {
    status: {"model": Error} for status in (400, 401, 403, 404, 409, 412, 429, 503)
}


def create_app(
    routers: Sequence[APIRouter],
    services: Sequence[Service],
    guards: Guards,
    idempotent_requests: IdempotentRequests,
    limits: RestLimits,
) -> FastAPI:
    """Put endpoints and services into one application."""
    app = FastAPI(
        title="Tidings",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
    )
    app.state.guards = guards
    # The last one is met first: what is too much is refused before it is read, and read before it is looked up.
    app.add_middleware(Idempotency, requests=idempotent_requests, guards=guards)
    app.add_middleware(BodyLimit)
    app.add_middleware(RateLimits, limits=limits, guards=guards)
    errors.install(app)
    for router in routers:
        app.include_router(router, responses=_RESPONSES)
    for service in services:
        app.mount(service.path, service)
    return app
