"""The application's ear for its supervisor: a unix socket with one JSON line for each command and each answer.

`{"command": "drain", "seconds": 10}` answers `{"drained": true}` when the streams have been ended,
`{"command": "yield", "shared": false}` answers `{"sockets": n}` when new connections go to a newer process (or, on a
port that other services share, to somebody else), `{"command": "metrics"}` answers `{"text": "…"}`, and
`{"command": "status"}` answers `{"streams": n, "unary": n, "state": "serving", "gaps": n}`. It is a socket of its own
because a process that drains no longer accepts connections on its HTTP port.
"""

import asyncio
import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, Field, ValidationError

from cli.edge.handover import decline_connections, yield_port

log = logging.getLogger(__name__)

LONGEST_ANSWER_BYTES = 16 * 1024 * 1024


State = Literal["starting", "serving", "draining", "stopped"]
"""Of an application: `starting` until everything is there that it needs to serve."""


class Load(NamedTuple):
    """What is going on in the application: open subscriber streams, and unary calls not yet answered.

    Attributes:
        gaps: Discontinuities that subscribers were told since it began.
    """

    streams: int
    unary: int
    state: State = "serving"
    gaps: int = 0


class Drainable(Protocol):
    """What can be asked to end its streams."""

    async def drain(self, seconds: float) -> None:
        """End all streams, evenly spread over `seconds`, and refuse new ones; return as soon as none is left."""
        ...

    def status(self) -> Load:
        """Return the load of this moment."""
        ...

    def metrics(self) -> str:
        """Return all numbers, in Prometheus' text format."""
        ...


class _Command(BaseModel):
    command: str
    seconds: float = Field(default=10.0, ge=0, le=3600)
    shared: bool = False


class CommandFailed(Exception):
    """The application answered that it could not do what it was asked to."""


class ControlSocket:
    """Serves one `Drainable` on a unix socket that only this user can open."""

    def __init__(self, path: Path, drainable: Drainable) -> None:
        self._path = path
        self._drainable = drainable
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left by a dead process is replaced."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with suppress(FileNotFoundError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the supervisor went away, or sent a line over asyncio's limit: there is nobody to tell
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            return await self._obey(line)
        except Exception:
            log.exception("a command of the supervisor failed")
            return {"error": "internal error"}

    async def _obey(self, line: bytes) -> dict[str, object]:
        try:
            command = _Command.model_validate_json(line)
        except ValidationError:
            return {"error": "a command is a JSON object with the member 'command'"}
        match command.command:
            case "drain":
                await self._drainable.drain(command.seconds)
                return {"drained": True}
            case "status":
                return dict(self._drainable.status()._asdict())
            case "metrics":
                return {"text": self._drainable.metrics()}
            case "yield":
                return {"sockets": decline_connections() if command.shared else yield_port()}
            case other:
                return {"error": f"unknown command '{other}'"}


async def ask(path: Path, command: dict[str, object], *, timeout: float) -> dict[str, object]:
    """Send one command to the application behind `path` and return its answer.

    Raises:
        CommandFailed: The application could not do it.
        OSError: Nobody listens there, or the connection broke.
        TimeoutError: No answer within `timeout` seconds.
    """
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER_BYTES)
        try:
            writer.write(json.dumps(command).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
    if not line:
        msg = "the application closed its control socket"
        raise ConnectionResetError(msg)
    answer: dict[str, object] = json.loads(line)
    if "error" in answer:
        raise CommandFailed(answer["error"])
    return answer
