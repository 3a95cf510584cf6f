"""The real `tidings up`: two storage nodes, a router and the account service behind Envoy, in plaintext."""

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import grpc
import httpx
from momento_wire_types import controlclient_pb2 as control

from bench.protocols.tidings import TidingsDialect
from bench.systems.interface import BY_ENVOY, GRPC_PORT, Running, process
from cli.build import hot_path

_HOST: Final = "127.0.0.1"
_CACHE: Final = "bench"
_EMAIL: Final = "bench@example.com"
_LIMITS: Final = {"subscriptions": 200_000, "publishes_per_second": 1_000_000}
FIRST_NUMBER: Final = 16_400
"""From 16,384 on, to two millions, a sequence number takes three bytes."""

_READY: Final = re.compile(r"^ready http://.+:(\d+)$")
_GRPC_PORT: Final = re.compile(r"^grpc .+:(\d+)$")
_TIDINGS: Final = (sys.executable, "-m", "cli.main")
_ROOT: Final = Path(__file__).parents[2]
BUILT: Final = f"{version('tidings')} (hot path {hot_path()})"


@contextmanager
def tidings(
    folder: Path, app: str = "cli.entry:app", *, grpc_by: str = "python", past_envoy: bool = False
) -> Generator[Running]:
    """Run the service, or another application in its place, with an account, a key and a cache of its own."""
    data, password = folder / "data", secrets.token_urlsafe()
    api_key = _api_key(data, password)
    with up(folder, data, app, grpc_by, *(("--grpc-port", "0") if past_envoy else ())) as started:
        port = port_of(started)
        _raise_limits(port, password)
        _create_cache(port, api_key)
        name = "Tidings" if grpc_by == "python" else BY_ENVOY
        if past_envoy:
            name, port = GRPC_PORT, _told(started, _GRPC_PORT)
        dialect = TidingsDialect(_HOST, port, api_key, _CACHE)
        yield Running(name, BUILT, started.pid, dialect, FIRST_NUMBER)


def by_envoy(folder: Path) -> AbstractContextManager[Running]:
    """Run the service with Envoy reading native gRPC too."""
    return tidings(folder, grpc_by="edge")


def by_grpc_port(folder: Path) -> AbstractContextManager[Running]:
    """Run the service with a port for native gRPC alone, past Envoy."""
    return tidings(folder, past_envoy=True)


def up(
    folder: Path, data: Path, app: str = "cli.entry:app", grpc_by: str = "python", *more: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run `tidings up` on a data folder; what it says goes to a file in `folder`."""
    words = ["up", "--port", "0", "--data", str(data), "--app", app, "--grpc-by", grpc_by, *more]
    return process([*_TIDINGS, *words], folder, _ROOT)


def port_of(started: subprocess.Popen[str]) -> int:
    """Wait until it is ready; return its port.

    Raises:
        RuntimeError: it ended before.
    """
    return _told(started, _READY)


def _told(started: subprocess.Popen[str], line_of_port: re.Pattern[str]) -> int:
    assert started.stdout
    for line in started.stdout:
        if found := line_of_port.match(line.rstrip()):
            return int(found[1])
    raise RuntimeError(f"the service ended with code {started.wait()} before it was ready")


def _api_key(data: Path, password: str) -> str:
    command(data, "account", "create", _EMAIL, "--password-stdin", typed=password)
    return json.loads(command(data, "key", "create", _EMAIL, "--json"))["api_key"]


def _raise_limits(port: int, password: str) -> None:
    """Let the account have more subscriptions and publishes than any scenario has."""
    with httpx.Client(base_url=f"http://{_HOST}:{port}", timeout=20) as client:
        client.post("/v1/login", json={"email": _EMAIL, "password": password}).raise_for_status()
        client.patch("/v1/limits", json=_LIMITS).raise_for_status()


def command(data: Path, *arguments: str, typed: str = "") -> str:
    """Run another command of `tidings` on a data folder; return what it prints.

    Raises:
        RuntimeError: it failed.
    """
    whole = [*_TIDINGS, *arguments, "--data", str(data)]
    done = subprocess.run(whole, check=False, capture_output=True, text=True, cwd=_ROOT, input=typed)
    if done.returncode:
        raise RuntimeError(f"`tidings {' '.join(arguments)}` failed: {done.stderr}")
    return done.stdout


def _create_cache(port: int, api_key: str) -> None:
    with grpc.insecure_channel(f"{_HOST}:{port}") as channel:
        create: grpc.UnaryUnaryMultiCallable[control._CreateCacheRequest, control._CreateCacheResponse]
        create = channel.unary_unary(
            "/control_client.ScsControl/CreateCache",
            request_serializer=control._CreateCacheRequest.SerializeToString,
            response_deserializer=control._CreateCacheResponse.FromString,
        )
        create(control._CreateCacheRequest(cache_name=_CACHE), metadata=(("authorization", api_key),), timeout=10)
