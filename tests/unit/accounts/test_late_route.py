import httpx
import pytest
from fastapi import APIRouter, FastAPI

from accounts.rest.late_route import LateRoute


def application() -> tuple[FastAPI, LateRoute]:
    router = APIRouter(prefix="/v1", route_class=LateRoute)

    @router.get("/caches/{number}")
    async def twice(number: int) -> int:
        """Double."""
        return 2 * number

    app = FastAPI()
    app.routes.extend(router.routes)
    route = router.routes[0]
    assert isinstance(route, LateRoute)
    return app, route


async def test_an_endpoint_is_looked_at_when_it_is_called_first() -> None:
    app, route = application()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        assert (await client.get("/v1/nothing")).status_code == 404
        assert (await client.post("/v1/caches/3")).status_code == 405
        assert "dependant" not in vars(route)
        assert (await client.get("/v1/caches/3")).json() == 6
        assert "dependant" in vars(route)
        assert (await client.get("/v1/caches/three")).status_code == 422


def test_it_is_described_before_it_was_called() -> None:
    described = application()[0].openapi()["paths"]["/v1/caches/{number}"]["get"]
    assert described["summary"] == "Twice"
    assert described["description"] == "Double."


def test_a_misspelt_attribute_is_told() -> None:
    route = application()[1]
    with pytest.raises(AttributeError, match="summry"):
        _ = route.summry
