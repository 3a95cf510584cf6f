"""`python -m bench.systems.fleet_process FOLDER [APPENDFSYNC]`: a fleet as one process and its children.

Redis, the account service on SQLite, two storage nodes, and two routers that share a port. It prints one line with the
ports of routers and account service when all of them serve, and ends them when it is told to end.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
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
    redis, port, accounts = free_port(), free_port(), free_port()
    common = {"TIDINGS_REDIS_URL": f"redis://{_HOST}:{redis}", "TIDINGS_DRAIN_SECONDS": "0"}
    with ExitStack() as stack:
        kept = ("--appendonly", "yes", "--appendfsync", appendfsync) if appendfsync else ("--appendonly", "no")
        stack.enter_context(subprocess.Popen([*redis_command(redis, folder), *kept], stdin=subprocess.DEVNULL))
        variables = {
            **common,
            "TIDINGS_PORT": str(accounts),
            "TIDINGS_DATA": str(folder / "accounts"),
            "TIDINGS_ENDPOINT": _HOST,
            "TIDINGS_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'accounts.db'}",
        }
        tiers = [_tier("accounts", variables, stack)]
        for number in range(NODES):
            own = {"TIDINGS_NODE_ID": f"node-{number}", "TIDINGS_PORT": "0", "TIDINGS_HEALTH_PORT": "0"}
            tiers.append(_tier("storage", {**common, **own}, stack))
        for number in range(ROUTERS):
            own = {"TIDINGS_ROUTER_ID": f"router-{number}", "TIDINGS_DATA": str(folder / f"router-{number}")}
            tiers.append(_tier("router", {**common, **own, "TIDINGS_PORT": str(port)}, stack))
        for tier in tiers:
            _await_ready(tier)
        print(f"ready {port} {accounts}", flush=True)
        signal.pause()


def _tier(name: str, variables: Mapping[str, str], stack: ExitStack) -> "subprocess.Popen[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")}
    started = subprocess.Popen(
        [sys.executable, "-m", "cli.main", name],
        cwd=_ROOT,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.enter_context(started)
    stack.callback(started.terminate)
    return started


def _await_ready(tier: "subprocess.Popen[str]") -> None:
    assert tier.stdout
    if not tier.stdout.readline().startswith("ready "):
        raise SystemExit(f"a tier ended with code {tier.wait()} before it was ready")


def _leave(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
