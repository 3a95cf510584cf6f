import asyncio
from pathlib import Path

from backplane.witnesses import MemoryWitnesses
from cli.edge.sent import SentBytes

ENVOY = (
    b"HTTP/1.1 200 OK\r\n\r\n"
    b"http.ingress_http.downstream_cx_tx_bytes_total: 30\n"
    b"tcp.grpc.downstream_cx_tx_bytes_total: 12\n"
)


async def test_what_went_past_envoy_is_told_with_what_envoy_has_sent(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ENVOY)
        writer.close()

    admin = tmp_path / "admin.sock"
    server = await asyncio.start_unix_server(answer, admin)
    sent = SentBytes(admin, MemoryWitnesses(), "router-1", lambda: 100)
    assert await sent._look()
    assert sent._take() == {"": (0, 142)}
    assert sent._take() == {"": (0, 0)}
    server.close()
