"""Stands where somebody else's HTTP server is: hands each request to a function, and writes what that returns."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Request:
    """What came: the first line, headers by their names in small letters, and the whole body."""

    line: str
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def answering(answer: Callable[[Request], bytes | None]) -> AsyncGenerator[str]:
    """Serve on a free port, and give the origin. Without a response the client waits until it gives up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                response = answer(await _read(reader, writer))
                if response is None:
                    await reader.read()
                    return
                writer.write(response)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client or the test is done
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.sleep(0)


def response(status: int, body: bytes = b"", headers: str = "") -> bytes:
    """Return a whole response; `headers` are lines that each end with CR LF."""
    return f"HTTP/1.1 {status} X\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    if headers.get("expect"):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))
