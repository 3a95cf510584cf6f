"""Whether a client has left, asked now and then and never waited for."""

import asyncio

from api.grpc_asgi import Message, Receive

ANSWER_SECONDS = 0.05


class Departure:
    """Asks the server that hosts us. One server answers `receive()` at once, another only when the client leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._asked: asyncio.Future[Message] | None = None

    async def happened(self) -> bool:
        """Whether the client has left."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._receive())
        asked = self._asked
        await asyncio.wait({asked}, timeout=ANSWER_SECONDS)
        if not asked.done():
            return False
        if asked.result()["type"] == "http.disconnect":
            return True
        self._asked = None
        return False

    def close(self) -> None:
        """Ask no more."""
        if self._asked is not None:
            self._asked.cancel()
