"""Sends one request to somebody else's server, bounded in all that the other side could do to this one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.webhooks.targets import ForbiddenTarget, public_address

TIMEOUT_SECONDS = 10.0
USER_AGENT = "Tidings-Webhooks/1"

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try.

    Attributes:
        delivered: It was answered with a status of 200 to 299.
        status: That was answered; 0 where nothing was.
        reason: Why it was not delivered, in a few words.
    """

    delivered: bool
    status: int = 0
    reason: str = ""


class Sender:
    """Sends. Redirects are not followed, and what is answered is not read.

    Args:
        allow_private: Also to addresses that are not of the public network; for tests, and for installations whose
            receivers stand beside them.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self.allow_private = allow_private
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body of JSON; whatever happens is an outcome."""
        import httpx  # noqa: PLC0415  a tenth of the time that the service takes to start, and many never send

        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._post(url, headers, body)
        except TimeoutError:
            return Outcome(delivered=False, reason=f"no answer within {TIMEOUT_SECONDS:.0f} seconds")
        except ForbiddenTarget as reason:
            return Outcome(delivered=False, reason=str(reason))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as reason:
            return Outcome(delivered=False, reason=f"{type(reason).__name__}: {reason}"[:200])
        delivered = 200 <= status < 300
        return Outcome(delivered, status, "" if delivered else f"answered {status}")

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    def _opened(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415  see `send`

        if self._client is None:
            limits = httpx.Limits(max_connections=50, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, limits=limits, trust_env=False
            )
        return self._client

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        import httpx  # noqa: PLC0415  see `send`

        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await public_address(host, port, allow_private=self.allow_private)
        client = self._opened()
        there = httpx.URL(url).copy_with(host=address)
        # The name is for TLS and the other server; the connection goes to the address that was looked at.
        sent = {"content-type": "application/json", "user-agent": USER_AGENT, **headers, "host": parts.netloc}
        request = client.build_request("POST", there, content=body, headers=sent, extensions={"sni_hostname": host})
        answer = await client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code
