"""Sends one request to somebody else's server, bounded in all that the other side could do to this one."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

import httpcore
from typing_extensions import override

from api.webhooks.lookups import Lookups
from api.webhooks.outcome import Outcome
from api.webhooks.targets import ForbiddenTarget, public_address

TIMEOUT_SECONDS = 10.0
USER_AGENT = "Tidings-Webhooks/1"
CONNECTIONS = 100
KEPT_SECONDS = 30.0
"""How long a connection is kept for the next request to the same server."""

MOST_ANSWER_BYTES = 16 * 1024
"""An answer that is longer is not read, and costs its connection."""

_TROUBLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
    ValueError,
)


class Sender:
    """Sends. Redirects are not followed.

    Args:
        allow_private: Also to addresses that are not of the public network; for tests, and for installations whose
            receivers stand beside them.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Checked(allow_private=allow_private),
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body of JSON; whatever happens is an outcome."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._post(url, headers, body)
        except TimeoutError:
            return Outcome(delivered=False, reason=f"no answer within {TIMEOUT_SECONDS:.0f} seconds")
        except ForbiddenTarget as reason:
            return Outcome(delivered=False, reason=str(reason))
        except _TROUBLE as reason:
            return Outcome(delivered=False, reason=f"{type(reason).__name__}: {reason}"[:200])
        delivered = 200 <= status < 300
        return Outcome(delivered, status, "" if delivered else f"answered {status}")

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **headers,
            "content-length": str(len(body)),
        }
        async with self._pool.stream("POST", url, headers=list(sent.items()), content=body) as answer:
            read = 0
            async for part in answer.aiter_stream():
                read += len(part)
                if read > MOST_ANSWER_BYTES:
                    break
            return answer.status


class _Checked(httpcore.AsyncNetworkBackend):
    """Opens connections to the very address that was looked at, where that may be asked."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._lookups = Lookups()
        # Its type is another where anyio is not installed.
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await public_address(self._lookups, host, port, allow_private=self._allow_private)
        return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
