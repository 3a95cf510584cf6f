"""How many bytes went to clients: by the count of the Envoy around this process, and what went past it."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backplane.witnesses import Witness, Witnesses
from cli.edge.grpc import GRPC

LOOK_SECONDS = 5.0
ANSWER_SECONDS = 1.0
STATISTICS = rf"(?:http\.ingress_http|tcp\.{GRPC})\.downstream_cx_tx_bytes_total"
"""Of connections that Envoy reads HTTP on, and of those whose bytes it passes on. Neither counts what TLS adds."""

_REQUEST = f"GET /stats?filter=^{STATISTICS}$ HTTP/1.1\r\nhost: envoy\r\nconnection: close\r\n\r\n".encode()
_ANSWER = re.compile(rf"^{STATISTICS}: (\d+)".encode(), re.MULTILINE)


class SentBytes:
    """Asks Envoy now and then, and tells what it says to whoever compares it with what was billed."""

    def __init__(
        self, admin_socket: Path, witnesses: Witnesses, router: str, direct: Callable[[], int] = lambda: 0
    ) -> None:
        """`direct` tells how many bytes have gone to clients past Envoy."""
        self._direct = direct
        self._admin_socket = admin_socket
        self._witness = Witness(witnesses, "edge", router, self._take)
        self._total = 0
        self._taken = 0
        self._is_known = False

    def __repr__(self) -> str:
        return f"<SentBytes {self._total}>"

    async def run(self) -> None:
        """Look and tell, until cancelled. Where there is no Envoy, nothing is told."""
        telling: asyncio.Task[None] | None = None
        try:
            while True:
                if await self._look() and telling is None:
                    telling = asyncio.create_task(self._witness.run())
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            if telling is not None:
                telling.cancel()

    async def close(self) -> None:
        """Tell how far it came. Where Envoy does not answer any more, it has not left in good order."""
        if self._is_known and await self._look():
            await self._witness.close()

    async def _look(self) -> bool:
        """Ask once, and return whether there was an answer."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._admin_socket)
                with contextlib.closing(writer):
                    writer.write(_REQUEST)
                    answer = await reader.read()
        except (OSError, TimeoutError):
            return False
        found = _ANSWER.findall(answer)
        if not found:
            return False
        self._total, self._is_known = sum(map(int, found)) + self._direct(), True
        return True

    def _take(self) -> Mapping[str, Sequence[int]]:
        sent, self._taken = self._total - self._taken, self._total
        return {"": (0, sent)}
