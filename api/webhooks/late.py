"""A sender that is made when something is sent first.

Its library is a tenth of the time that the service takes to start, and many installations never send.
"""

from collections.abc import Mapping

from api.webhooks.outcome import Outcome, Sending


class LateSender:
    """Sends by `api.webhooks.sender.Sender`, see there."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._sender: Sending | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        if self._sender is None:
            from api.webhooks.sender import Sender  # noqa: PLC0415  see the module

            self._sender = Sender(allow_private=self._allow_private)
        return await self._sender.send(url, headers, body)

    async def close(self) -> None:
        if self._sender is not None:
            await self._sender.close()
