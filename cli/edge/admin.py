"""Envoy's administration, over its unix socket."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class Admin:
    """One Envoy's administration. Whoever may open the socket may stop the process, hence a socket and mode 0600."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def live(self) -> bool:
        """Return whether Envoy's listeners serve. A socket that is not there yet is a no."""
        try:
            answer = await self._request("GET", "/ready")
        except ConnectionError:
            return False
        return answer.is_success

    async def stop_accepting(self) -> None:
        """Close the listening sockets, and say GOAWAY on each open connection with its next answer."""
        await self._request("POST", "/healthcheck/fail")
        await self._request("POST", "/drain_listeners")

    async def answer_readiness(self, *, ready: bool) -> None:
        """Have `/readyz` answered with 503, by Envoy itself, or let the application answer it again."""
        await self._request("POST", "/healthcheck/ok" if ready else "/healthcheck/fail")

    async def reopen_logs(self) -> None:
        """Open the access log anew, after it was moved away."""
        await self._request("POST", "/reopen_logs")

    async def metrics(self) -> str:
        """Return Envoy's numbers that are not zero, in Prometheus' text format.

        Raises:
            ConnectionError: It does not answer.
        """
        return (await self._request("GET", "/stats/prometheus?usedonly")).text

    async def refused_publishes(self) -> int:
        """Return how many publishes it has refused, because too many were under way.

        Raises:
            ConnectionError: It does not answer.
        """
        lines = (await self._request("GET", "/stats?usedonly&filter=rq_blocked$")).text.splitlines()
        return sum(int(line.rpartition(":")[2]) for line in lines)

    async def _request(self, method: str, path: str) -> "httpx.Response":
        import httpx  # noqa: PLC0415  takes 40 ms, which a start has time for once Envoy's has begun

        # There is no TLS on a unix socket; reading all authorities for it would take 20 ms each time.
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket), verify=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://envoy", timeout=5.0) as client:
            try:
                return await client.request(method, path)
            except httpx.TransportError as reason:
                raise ConnectionError(str(reason)) from reason
