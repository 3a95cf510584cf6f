import pytest

from api.framing import EMPTY
from router.app import RouterApp
from router.pubsub import PING, PUBLISH, SUBSCRIBE
from tests.unit.asgi import Connection, publish_request
from tests.unit.router.parts import World, connection


@pytest.mark.parametrize("path", [PUBLISH, SUBSCRIBE, PING])
def test_the_routers_methods_are_its_own(acme: World, path: str) -> None:
    assert RouterApp(acme.router).serves(path)


@pytest.mark.parametrize("path", ["/", PUBLISH + "/", PUBLISH.lower(), "/cache_client.pubsub.Pubsub"])
def test_other_paths_are_not(acme: World, path: str) -> None:
    assert not RouterApp(acme.router).serves(path)


async def test_each_path_leads_to_its_method(acme: World) -> None:
    app = RouterApp(acme.router)
    assert (await connection(PUBLISH, publish_request()).through(app)).status == 0
    assert (await Connection(PING, [EMPTY]).through(app)).status == 0
    assert (await connection(SUBSCRIBE, b"").through(app)).status == 3


async def test_a_client_that_leaves_while_it_is_answered_is_nobodys_failure(acme: World) -> None:
    class Leaving(Connection):
        async def send(self, event: dict[str, object]) -> None:
            raise OSError("the client has left")

    request = connection(PUBLISH, publish_request())
    client = Leaving(PUBLISH, [publish_request()], request.scope["headers"])
    await client.through(RouterApp(acme.router))
    assert client.sent == []
