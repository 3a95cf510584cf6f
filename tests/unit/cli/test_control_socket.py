"""The line protocol between the supervisor and the application."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.control_socket import ControlSocket, Load, ask

LOAD = {"streams": 3, "state": "serving", "gaps": 0}


class Application:
    """Drains when it is allowed to."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    async def drain(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self.may_finish.wait()

    def status(self) -> Load:
        return Load(streams=3, unary=len(self.asked))

    def metrics(self) -> str:
        return "number 1\n" * 100_000


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[tuple[Application, Path]]:
    behind = Application()
    path = tmp_path / "control.sock"
    server = ControlSocket(path, behind)
    await server.start()
    yield behind, path
    await server.close()
    assert not path.exists()


async def test_status_tells_the_load(application: tuple[Application, Path]) -> None:
    assert await ask(application[1], {"command": "status"}, timeout=5) == {**LOAD, "unary": 0}


async def test_a_long_page_of_numbers_comes_whole(application: tuple[Application, Path]) -> None:
    answer = await ask(application[1], {"command": "metrics"}, timeout=5)
    assert answer == {"text": "number 1\n" * 100_000}


async def test_a_drain_is_answered_when_it_is_over(application: tuple[Application, Path]) -> None:
    behind, path = application
    behind.may_finish.clear()
    drain = asyncio.create_task(ask(path, {"command": "drain", "seconds": 2.5}, timeout=5))
    while not behind.asked:
        await asyncio.sleep(0)
    assert await ask(path, {"command": "status"}, timeout=5) == {**LOAD, "unary": 1}
    assert not drain.done()
    behind.may_finish.set()
    assert await drain == {"drained": True}
    assert behind.asked == [2.5]


@pytest.mark.parametrize(
    "line",
    [b"nonsense\n", b"[]\n", b"{}\n", b'{"command":"drain","seconds":-1}\n', b'{"command":"dance"}\n', b"\xff\n"],
)
async def test_a_command_it_does_not_know_is_answered_and_the_next_is_heard(
    application: tuple[Application, Path], line: bytes
) -> None:
    reader, writer = await asyncio.open_unix_connection(application[1])
    writer.write(line)
    assert "error" in json.loads(await reader.readline())
    writer.write(b'{"command":"status"}\n')
    assert json.loads(await reader.readline()) == {**LOAD, "unary": 0}
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("shared", [False, True])
async def test_a_process_that_listens_nowhere_yields_no_socket(
    application: tuple[Application, Path], *, shared: bool
) -> None:
    assert await ask(application[1], {"command": "yield", "shared": shared}, timeout=5) == {"sockets": 0}


async def test_only_its_user_may_connect(application: tuple[Application, Path]) -> None:
    assert stat.S_IMODE(application[1].stat().st_mode) == 0o600


async def test_a_socket_left_by_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.touch()
    server = ControlSocket(path, Application())
    await server.start()
    assert (await ask(path, {"command": "status"}, timeout=5))["streams"] == 3
    await server.close()


async def test_nobody_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await ask(tmp_path / "none.sock", {"command": "status"}, timeout=5)
