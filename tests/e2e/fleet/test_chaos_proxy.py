"""The proxy holds back, passes on, delays, and tells its clients apart."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.e2e.fleet.chaos_proxy import ChaosProxy


@asynccontextmanager
async def echo() -> AsyncGenerator[ChaosProxy]:
    """A server that says everything back, behind a proxy."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, ChaosProxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


@asynccontextmanager
async def line_to(proxy: ChaosProxy) -> AsyncGenerator["Line"]:
    line = Line(*await asyncio.open_connection("127.0.0.1", proxy.port))
    yield line
    await line.close()


class Line:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def heard(self, count: int, seconds: float = 5.0) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), seconds)

    async def is_silent(self) -> bool:
        try:
            await self.heard(1, 0.2)
        except TimeoutError:
            return True
        return False


async def test_it_passes_bytes_both_ways_and_closes_with_either_side() -> None:
    async with echo() as proxy, line_to(proxy) as line:
        line.writer.write(b"one")
        assert await line.heard(3) == b"one"
        line.writer.close()
        async with asyncio.timeout(5):
            while proxy.connections:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("forth", "back"), [(True, True), (True, False), (False, True)])
async def test_what_is_sent_during_a_cut_arrives_after_it(forth: bool, back: bool) -> None:
    async with echo() as proxy, line_to(proxy) as line:
        proxy.cut(forth=forth, back=back)
        line.writer.write(b"one")
        assert await line.is_silent()
        proxy.heal()
        assert await line.heard(3) == b"one"


async def test_a_connection_that_begins_during_a_cut_is_held_back_too() -> None:
    async with echo() as proxy:
        proxy.cut()
        async with line_to(proxy) as line:
            line.writer.write(b"one")
            assert await line.is_silent()
            proxy.heal()
            assert await line.heard(3) == b"one"


async def test_a_cut_concerns_the_processes_that_are_meant() -> None:
    async with echo() as proxy, line_to(proxy) as line:
        program = (
            f"import socket; s = socket.create_connection(('127.0.0.1', {proxy.port}))\n"
            "while True: s.sendall(b'x'); print(s.recv(1).decode(), flush=True); input()"
        )
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert other.stdout
        assert other.stdin
        try:
            assert await asyncio.wait_for(other.stdout.readline(), 10) == b"x\n"
            proxy.cut(lambda pid: pid == os.getpid())
            line.writer.write(b"one")
            assert await line.is_silent()
            other.stdin.write(b"\n")
            assert await asyncio.wait_for(other.stdout.readline(), 10) == b"x\n"
        finally:
            other.kill()
            await other.wait()


async def test_it_delays() -> None:
    async with echo() as proxy, line_to(proxy) as line:
        proxy.delay_seconds = 0.1
        began = time.monotonic()
        line.writer.write(b"one")
        assert await line.heard(3) == b"one"
        assert time.monotonic() - began >= 0.2
