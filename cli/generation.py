"""One Envoy with the application in it: how it starts, how one sees that it serves, how it is emptied and ended.

Two generations may serve one port at the same time, each with listening sockets of its own (SO_REUSEPORT).
"""

import asyncio
import json
import shutil
import signal
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from cli.control_socket import CommandFailed, ask
from cli.edge.admin import Admin
from cli.edge.configuration import configuration
from cli.edge.process import spawn
from cli.edge.settings import EdgeSettings
from cli.refusals import StartFailed
from cli.settings import EmbeddedSettings

POLL_SECONDS = 0.05
HANDSHAKE_SECONDS = 1.0
"""Longer than a TCP handshake: connections that a closing socket has not yet accepted are reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the steps of a life may take, in seconds."""

    start: float = 60.0
    drain: float = 10.0
    """Over which the application spreads the end of its streams, so that clients do not come back all at once."""
    empty: float = 20.0
    """From the start of the drain until what is still open is given up."""
    terminate: float = 10.0
    """For the application's own shutdown, which Envoy does not bound."""


class Generation:
    """One Envoy process."""

    def __init__(self, edge: EdgeSettings, app: EmbeddedSettings, *, concurrency: int, patience: Patience) -> None:
        self.number = app.generation
        run_dir = edge.run_dir / str(self.number)
        self._edge = replace(edge, run_dir=run_dir)
        self._app = app.model_copy(update={"control_socket": run_dir / "control.sock"})
        self._concurrency = concurrency
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self.admin = Admin(self._edge.admin_socket)

    def __repr__(self) -> str:
        return f"<Generation {self.number}, pid {self.pid}>"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def process(self) -> asyncio.subprocess.Process:
        if self._process is None:
            msg = "this generation was not started"
            raise RuntimeError(msg)
        return self._process

    async def start(self) -> None:
        """Start Envoy and return when it serves.

        Raises:
            StartFailed: It ended, or did not serve in time; it is gone then.
        """
        shutil.rmtree(self._edge.run_dir, ignore_errors=True)
        self._edge.run_dir.mkdir(parents=True, mode=0o700)
        variables = self._app.write(self._edge.run_dir / "settings.json")
        (self._edge.run_dir / "envoy.json").write_text(json.dumps(configuration(self._edge), indent=1))
        self._process = await spawn(self._arguments(), cwd=self._edge.run_dir, variables=variables)
        try:
            await self._until_ready()
        except BaseException:
            await self.end(at_once=True)
            raise

    async def yield_port(self) -> None:
        """Have new connections go to the next generation, and return when none can be on its way to this one."""
        try:
            await self._ask({"command": "yield"}, 5.0)
        except (OSError, TimeoutError, CommandFailed):
            return  # it died, or the kernel refuses the rule: a connection may be lost, but the restart goes on
        await asyncio.sleep(HANDSHAKE_SECONDS)

    async def drain(self, *, at_least: float = 0.0) -> None:
        """Take no new connection, have the streams ended, and return when nothing is open or patience has ended.

        Within `at_least` seconds clients see GOAWAY with their next answer and move to the next generation, without a
        call being cut. An idle connection is not told: Envoy has no way to (it sends GOAWAY with an answer only).
        """
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._patience.empty):
                await self.admin.stop_accepting()
                await self._ask({"command": "drain", "seconds": self._patience.drain}, self._patience.empty)
                await self._until_empty()
                await asyncio.sleep(max(0.0, began + at_least - loop.time()))
        except (OSError, TimeoutError, CommandFailed, httpx.TransportError):
            return  # it died meanwhile, or some streams cannot be ended: what is left is cut

    async def end(self, *, at_once: bool = False) -> int:
        """End the process, by force if it does not go, and return its exit status."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        try:
            async with asyncio.timeout(self._patience.terminate):
                return await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            return await self.process.wait()
        finally:
            shutil.rmtree(self._edge.run_dir, ignore_errors=True)

    def _arguments(self) -> list[str]:
        return [
            "--config-path",
            "envoy.json",
            "--disable-hot-restart",
            "--concurrency",
            str(self._concurrency),
            "--log-level",
            "warning",
            "--file-flush-interval-msec",
            "1000",
        ]

    async def _ask(self, command: dict[str, object], timeout: float) -> dict[str, object]:
        return await ask(self._app.control_socket, command, timeout=timeout)

    async def _until_empty(self) -> None:
        while any((await self._ask({"command": "status"}, 5.0)).values()):  # noqa: ASYNC110  another process's state
            await asyncio.sleep(POLL_SECONDS)

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(self._patience.start):
                while not await self._serves():
                    if self.process.returncode is not None:
                        msg = (
                            "the service ended before it was ready "
                            f"(Envoy's exit status {self.process.returncode}); the lines above say why"
                        )
                        raise StartFailed(msg)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            msg = f"the service was not ready within {self._patience.start:g} seconds"
            raise StartFailed(msg) from error

    async def _serves(self) -> bool:
        """Ask Envoy, the application's socket, and the port: the port alone could be another generation's."""
        if not await self.admin.live():
            return False
        try:
            await self._ask({"command": "status"}, 5.0)
            return await ready(self._edge.host, self._edge.port, tls=self._edge.certificate is not None)
        except (OSError, TimeoutError, CommandFailed, httpx.TransportError):
            return False


async def ready(host: str, port: int, *, tls: bool) -> bool:
    """Return whether the port answers `/readyz` with 200. The certificate is for other names, and is not checked."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  a look-up, nothing is bound here
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with httpx.AsyncClient(verify=context, timeout=5.0, trust_env=False) as client:
        answer = await client.get(f"{'https' if tls else 'http'}://{in_url(reached)}:{port}/readyz")
    return answer.is_success


def in_url(host: str) -> str:
    """Return the host as a URL writes it: IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host


def pids(generations: Sequence[Generation]) -> list[int]:
    """Return the processes that serve the port."""
    return [generation.pid for generation in generations]
