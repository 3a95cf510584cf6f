"""A running system."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cpu import tree
from bench.protocols.interface import Dialect

BY_ENVOY: Final = "Tidings, gRPC by Envoy"
"""The name of the service where Envoy reads native gRPC, too."""

GRPC_PORT: Final = "Tidings, port for gRPC"
"""The name of the service where native gRPC comes past Envoy, on a port of its own."""

FLEET: Final = "Tidings fleet"
"""The name of the service as processes of its tiers: two routers, two nodes, Redis and an account service."""

FLEET_GRPC_PORT: Final = "Tidings fleet, port for gRPC"
"""The name of a fleet whose routers are spoken to past Envoy, as the front that is shipped does."""

_STOP_SECONDS: Final = 3.0
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Running:
    """A system that serves.

    Attributes:
        name: As printed.
        version: As the system tells it.
        pid: Of the process that was started; it may have children.
        first_number: Messages to publish to a topic first, so that all that follow have equal length on the wire.
    """

    name: str
    version: str
    pid: int
    dialect: Dialect
    first_number: int = 0


System = Callable[[Path], AbstractContextManager[Running]]
"""Starts a system in an empty folder, and stops it when the context ends."""


@contextmanager
def process(
    command: list[str], folder: Path, working_folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> Generator[subprocess.Popen[str]]:
    """Run a server, with these variables beside those that are set; its standard error goes to a file in `folder`.

    It is told to end when this process ends, even if that is killed: one that stays takes
    time from whatever is measured later.
    """
    with (folder / "stderr.log").open("w", encoding="utf-8") as log:
        started = subprocess.Popen(
            command,
            cwd=working_folder or folder,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
            preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - it takes no lock that another thread may hold
        )
        try:
            yield started
        finally:
            _stop(started)


def _end_with(parent: int) -> Callable[[], None]:
    """Return what the child runs before it becomes the server."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _stop(started: subprocess.Popen[str]) -> None:
    """Ask it to end, ask again (which means at once), and kill what is left of it after that."""
    family = tree(started.pid) if started.poll() is None else []
    for _ in range(2):
        started.terminate()
        try:
            started.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    started.wait()
    if started.stdout:
        started.stdout.close()
