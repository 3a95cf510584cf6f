"""`python -m bench.systems.fleet_process FOLDER [APPENDFSYNC]`: a fleet as one process and its children.

Redis, the account service on SQLite, two storage nodes, and two routers that share two ports. It prints one line when
all of them serve, with the ports of routers and account service, and the routers' for gRPC past Envoy, and ends them
when it is told to end.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from bench.systems.peers import free_port, redis_command

ROUTERS: Final = 2
NODES: Final = 2
_HOST: Final = "127.0.0.1"
_ROOT: Final = Path(__file__).parents[2]


def main() -> None:
    """Start everything, say so, and wait for the end."""
    folder, appendfsync = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    signal.signal(signal.SIGTERM, _leave)
    redis, accounts, port, grpc_port = (free_port() for _ in range(4))
    common = {"TIDINGS_REDIS_URL": f"redis://{_HOST}:{redis}", "TIDINGS_DRAIN_SECONDS": "0"}
    with ExitStack() as waited_for, ExitStack() as told:
        run = partial(_run, waited_for, told)
        kept = ("--appendonly", "yes", "--appendfsync", appendfsync) if appendfsync else ("--appendonly", "no")
        run([*redis_command(redis, folder), *kept])
        variables = {
            **common,
            "TIDINGS_PORT": str(accounts),
            "TIDINGS_DATA": str(folder / "accounts"),
            "TIDINGS_ENDPOINT": _HOST,
            "TIDINGS_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'accounts.db'}",
        }
        tiers = [run(_tier("accounts"), variables, subprocess.PIPE)]
        for number in range(NODES):
            own = {"TIDINGS_NODE_ID": f"node-{number}", "TIDINGS_PORT": "0", "TIDINGS_HEALTH_PORT": "0"}
            tiers.append(run(_tier("storage"), {**common, **own}, subprocess.PIPE))
        for number in range(ROUTERS):
            own = {"TIDINGS_ROUTER_ID": f"router-{number}", "TIDINGS_DATA": str(folder / f"router-{number}")}
            ports = {"TIDINGS_PORT": str(port), "TIDINGS_GRPC_PORT": str(grpc_port)}
            tiers.append(run(_tier("router"), {**common, **own, **ports}, subprocess.PIPE))
        for tier in tiers:
            _await_ready(tier)
        print(f"ready {port} {accounts} {grpc_port}", flush=True)
        signal.pause()


def _tier(name: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", name]


def _run(
    waited_for: ExitStack,
    told: ExitStack,
    command: list[str],
    variables: Mapping[str, str] | None = None,
    stdout: int | None = None,
) -> "subprocess.Popen[str]":
    """Run a process with no other variables of ours; all are told to end, and then waited for."""
    others = {key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")}
    environment = {**others, **(variables or {})}
    started = subprocess.Popen(command, cwd=_ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, text=True)
    waited_for.enter_context(started)
    told.callback(started.terminate)
    return started


def _await_ready(tier: "subprocess.Popen[str]") -> None:
    assert tier.stdout
    if not tier.stdout.readline().startswith("ready "):
        raise SystemExit(f"a tier ended with code {tier.wait()} before it was ready")


def _leave(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
