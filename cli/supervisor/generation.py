"""One Envoy with the application in it: how it starts, how one sees that it serves, how it is emptied and ended.

Two generations may serve one port at the same time, each with listening sockets of its own (SO_REUSEPORT).
"""

import asyncio
import json
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cli import turns
from cli.certificates import unchecked
from cli.control_socket import CommandFailed, Load, ask
from cli.edge.admin import Admin
from cli.edge.configuration import configuration
from cli.edge.precedence import Precedence, give_way, may_be_taken_back
from cli.edge.process import spawn
from cli.edge.settings import EdgeSettings
from cli.refusals import StartFailed
from cli.settings import GrpcSettings, HostedSettings
from cli.urls import own_url

POLL_SECONDS = 0.05
HANDSHAKE_SECONDS = 0.7
"""Longer than a TCP handshake: connections that a closing socket has not yet accepted are reset. Less than the second
after which a client repeats a packet that was dropped, so that it then finds the port without us."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """What is hosted, and how: the same for all generations.

    Attributes:
        edge: Of Envoy; it names the application.
        app: What the application reads from its settings file.
        variables: What it reads from its environment.
        concurrency: Envoy's threads for connections.
        patience: With the steps of a life.
        shares_port: Other services may listen on our port too.
    """

    edge: EdgeSettings
    app: HostedSettings
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    concurrency: int
    patience: Patience
    shares_port: bool = False


class Departure(NamedTuple):
    """What came of a drain.

    Attributes:
        moved: Streams that were ended so that their clients come back elsewhere.
        cut: Streams that did not end in time.
        gaps: Discontinuities that subscribers were told meanwhile.
    """

    moved: int = 0
    cut: int = 0
    gaps: int = 0


class Generation:
    """One Envoy process."""

    def __init__(self, hosting: Hosting, number: int) -> None:
        edge = hosting.edge
        self.number = number
        self.shares_port = hosting.shares_port
        run_dir = edge.run_dir / str(self.number)
        self._edge = replace(edge, run_dir=run_dir)
        told = {"control_socket": run_dir / "control.sock", "generation": number, "grpc": GrpcSettings.of(edge)}
        self._app = hosting.app.model_copy(update=told)
        self._variables = hosting.variables
        self._concurrency = hosting.concurrency
        self._patience = hosting.patience
        self._process: asyncio.subprocess.Process | None = None
        self._giving_way: asyncio.Task[None] | None = None
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

    async def start(self, *, ready: bool) -> None:
        """Start Envoy and return when the application answers, or is ready as well if that is asked for.

        Raises:
            StartFailed: It ended, or did not come so far in time, or the disk is full; it is gone then.
        """
        try:
            variables = self._prepare()
        except OSError as reason:
            msg = f"generation {self.number} cannot write what it starts from: {reason}"
            raise StartFailed(msg) from reason
        self._process = await spawn(
            self._arguments(),
            cwd=self._edge.run_dir,
            variables=variables,
        )
        try:
            await self._until(self._answers)
            self._give_way()
            if ready:
                await self._until(self.is_ready)
        except BaseException:
            await self.end(at_once=True)
            raise

    def _give_way(self) -> None:
        """Have Envoy's threads give way to Python's: always, as far as is asked for, or while it refuses publishes."""
        if self._edge.workers_nice:
            give_way(self.pid, self._edge.workers_nice)
        elif may_be_taken_back():
            self._giving_way = asyncio.create_task(Precedence(self.pid, self.admin.refused_publishes).run())

    def _prepare(self) -> dict[str, str]:
        """Write what Envoy and the application read when they start, and return their variables."""
        shutil.rmtree(self._edge.run_dir, ignore_errors=True)
        self._edge.run_dir.mkdir(parents=True, mode=0o700)
        variables = {**self._variables, **self._app.write(self._edge.run_dir / "settings.json")}
        (self._edge.run_dir / "envoy.json").write_text(json.dumps(configuration(self._edge), indent=1))
        return variables

    def turns(self) -> int:
        """Return a number that grows while the application's event loop turns."""
        return turns.turns(self._app.turns)

    async def state(self) -> str | None:
        """Return what the application says of itself, or nothing if it does not answer."""
        try:
            return str((await self._ask({"command": "status"}, 5.0))["state"])
        except (OSError, TimeoutError, CommandFailed):
            return None

    async def metrics(self) -> str:
        """Return the application's numbers, in Prometheus' text format.

        Raises:
            OSError, TimeoutError, CommandFailed: It does not answer.
        """
        return str((await self._ask({"command": "metrics"}, 5.0))["text"])

    async def is_ready(self) -> bool:
        """Return whether the application has all that it needs to serve."""
        return await self.state() == "serving"

    async def answer_readiness(self, *, ready: bool) -> None:
        """Have Envoy answer `/readyz` with 503 in place of the application, or let that answer again."""
        await self.admin.answer_readiness(ready=ready)

    def kill(self) -> None:
        """End the process at once; `end` waits for it."""
        with suppress(ProcessLookupError):
            self.process.kill()

    async def yield_port(self) -> None:
        """Have new connections go to others on our port, and return when none can be on its way to this one."""
        try:
            await self._ask({"command": "yield", "shared": self.shares_port}, 5.0)
        except (OSError, TimeoutError, CommandFailed):
            return  # it died, or the kernel refuses the rule: a connection may be lost, but the restart goes on
        await asyncio.sleep(HANDSHAKE_SECONDS)

    async def gaps(self) -> int:
        """Return how many discontinuities subscribers were told here; none if the application does not answer."""
        try:
            return (await self._load()).gaps
        except (OSError, TimeoutError, CommandFailed):
            return 0

    async def drain(self, *, at_least: float = 0.0) -> Departure:
        """Take no new connection, have the streams ended, and return when nothing is open or patience has ended.

        Within `at_least` seconds clients see GOAWAY with their next answer and move to the next generation, without a
        call being cut. An idle connection is not told: Envoy has no way to (it sends GOAWAY with an answer only).
        What came of it is nothing where the process died meanwhile.
        """
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            before = await self._load()
        except (OSError, TimeoutError, CommandFailed):
            return Departure()
        try:
            async with asyncio.timeout(self._patience.empty):
                await self.admin.stop_accepting()
                await self._ask({"command": "drain", "seconds": self._patience.drain}, self._patience.empty)
                await self._until_empty()
                await asyncio.sleep(max(0.0, began + at_least - loop.time()))
        except (OSError, TimeoutError, CommandFailed):
            pass  # it died meanwhile, or some streams cannot be ended: what is left is cut
        try:
            after = await self._load()
        except (OSError, TimeoutError, CommandFailed):
            return Departure(0, before.streams)
        return Departure(max(before.streams - after.streams, 0), after.streams, after.gaps - before.gaps)

    async def end(self, *, at_once: bool = False) -> int:
        """End the process, by force if it does not go, and return its exit status."""
        if self._giving_way is not None:
            self._giving_way.cancel()
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
        while (load := await self._load()).streams or load.unary:  # noqa: ASYNC110  another process's state
            await asyncio.sleep(POLL_SECONDS)

    async def _load(self) -> Load:
        return Load(**await self._ask({"command": "status"}, 5.0))  # pyright: ignore[reportArgumentType]  ours

    async def _until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        try:
            async with asyncio.timeout(self._patience.start):
                while not await condition():
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

    async def _answers(self) -> bool:
        """Ask Envoy, the application's socket, and the port: the port alone could be another process's."""
        if not await self.admin.live() or await self.state() is None:
            return False
        return await tier_at(self._edge.host, self._edge.port, tls=self._edge.certificate is not None) is not None


async def tier_at(host: str, port: int, *, tls: bool) -> str | None:
    """Return what the service at an address calls itself, empty if it does not, or None if nobody answers HTTP."""
    import httpx  # noqa: PLC0415  see `Admin`

    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  a look-up, nothing is bound here
    async with httpx.AsyncClient(verify=unchecked(), timeout=5.0, trust_env=False) as client:
        try:
            answer = await client.get(f"{own_url(reached, port, tls=tls)}/healthz")
        except httpx.TransportError:
            return None
    try:
        return str(answer.json()["tier"])
    except (ValueError, KeyError, TypeError):
        return ""


def pids(generations: Sequence[Generation]) -> list[int]:
    """Return the processes that serve the port."""
    return [generation.pid for generation in generations]
