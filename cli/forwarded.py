"""The client's address where proxies in front write it down, as Envoy tells it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.grpc_asgi import Receive, Send

if TYPE_CHECKING:
    from http2.at_once import AtOnce
    from http2.connection import App, Scope

Client = tuple[str, int]

_FORWARDED = b"x-forwarded-for"


class Forwarded:
    """Tells it to an application."""

    def __init__(self, app: "App", proxies: int) -> None:
        """Believe so many proxies; see `client_of`."""
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: "Scope", receive: Receive, send: Send) -> None:
        client = client_of(scope["headers"], self._proxies, scope["client"])
        await self._app({**scope, "client": client}, receive, send)


def forwarded(at_once: "AtOnce", proxies: int) -> "AtOnce":
    """Tell it to those who answer at once too."""
    return lambda scope, peer: at_once(scope, client_of(scope["headers"], proxies, peer))


def client_of(headers: Iterable[tuple[bytes, bytes]], proxies: int, peer: Client | None) -> Client | None:
    """Return whose a request is that came from a peer.

    So many proxies are believed, of which each appends the address that it was reached from.
    """
    written = b",".join(value for name, value in headers if name == _FORWARDED).split(b",")
    address = written[-proxies].strip().decode("latin-1") if 0 < proxies <= len(written) else ""
    return (address, 0) if address else peer
