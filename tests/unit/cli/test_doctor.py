"""`tidings doctor`: what it makes of one process, and of what it is told. Beside a fleet: tests/e2e/fleet."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from backplane.interface import Process
from cli.commands.doctor import certificate
from cli.commands.doctor.processes import answers
from cli.commands.doctor.variables import DoctorVariables
from cli.main import main
from tests.e2e.certificates import issue


@asynccontextmanager
async def process(status: str, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Process]:
    """Serve as the edge of a router does, on a free port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        yield Process("router-1", "router", f"127.0.0.1:{port}", "0.2", 0.0, 0.0)


def of_a_server(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(folder, "example.com").server)
    return context


@pytest.mark.parametrize("is_tls", [False, True])
async def test_a_process_is_asked_with_tls_and_without(tmp_path: Path, *, is_tls: bool) -> None:
    tls = of_a_server(tmp_path) if is_tls else None
    async with process("200 OK", tls) as healthy:
        assert await answers(healthy) is None
    async with process("503 Service Unavailable", tls) as starting:
        finding = await answers(starting)
    assert finding is not None
    assert "it is not ready" in finding.text


async def test_a_process_that_is_not_there_is_found() -> None:
    async with process("200 OK") as gone:
        pass
    finding = await answers(gone)
    assert finding is not None
    assert "cannot be reached" in finding.text


def test_a_database_that_cannot_be_one_is_told_in_a_sentence() -> None:
    variables = {
        "TIDINGS_REDIS_URL": "redis://127.0.0.1:1",
        "TIDINGS_DATABASE_URL": "postgres://ada:s3cret@127.0.0.1/tidings",
    }
    told = CliRunner().invoke(main, ["doctor"], env=variables)
    assert told.exit_code == 7
    assert "TIDINGS_DATABASE_URL must be postgresql+psycopg://" in told.output
    assert "s3cret" not in told.output


@pytest.mark.parametrize(
    ("days", "level", "text"),
    [(100, "ok", "it lasts 99 days"), (20, "warning", "it expires in 19 days"), (-1, "error", "it expired at ")],
)
async def test_the_certificate_of_links_is_looked_at(tmp_path: Path, days: int, level: str, text: str) -> None:
    file = issue(tmp_path, "tidings-link", days=days).chain
    variables = DoctorVariables.model_validate({"redis_url": "redis://127.0.0.1:1", "link_cert": file})
    (finding,) = await certificate.look(variables)
    assert (finding.check, finding.level) == ("link certificate", level)
    assert finding.text.startswith(text)
    assert finding.advice or level == "ok"
