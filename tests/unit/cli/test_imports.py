"""What a process loads before it can do its work: a start is mostly imports, so each has only those that it uses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WEB = {"fastapi", "starlette", "jinja2", "httpx", "rich"}
DATABASE = {"sqlalchemy", "alembic", "aiosqlite", "psycopg"}
WIRE = {"grpc", "google", "momento_wire_types", "redis", "cryptography", "jwt"}
METRICS = {"prometheus_client", "uvicorn"}
MAIL = {"aiosmtplib"}
ARRAYS = {"numpy"}


@pytest.mark.parametrize(
    ("command", "variables"),
    [("router", "RouterVariables"), ("storage", "StorageVariables"), ("accounts", "AccountsVariables")],
)
def test_a_command_that_has_read_its_variables_has_loaded_nothing_of_what_serves(
    command: str, variables: str, tmp_path: Path
) -> None:
    program = f"import cli.main, cli.commands.{command}; from cli.variables.tiers import {variables} as V; V.read()"
    assert _loaded(program, tmp_path) & (WEB | DATABASE | WIRE | METRICS | MAIL | ARRAYS) == set()


def test_nor_has_tidings_up(tmp_path: Path) -> None:
    assert (
        _loaded("import cli.main, cli.commands.up", tmp_path) & (WEB | DATABASE | WIRE | METRICS | MAIL | ARRAYS)
        == set()
    )


def test_a_router_has_no_database_and_no_framework(tmp_path: Path) -> None:
    assert _loaded("import cli.tiers.router_tier", tmp_path) & (WEB | DATABASE | METRICS | MAIL | ARRAYS) == set()


def test_a_storage_node_has_no_database_and_no_framework(tmp_path: Path) -> None:
    assert _loaded("import cli.tiers.storage_tier", tmp_path) & (WEB | DATABASE | MAIL | ARRAYS) == set()


def test_few_nodes_need_no_arrays(tmp_path: Path) -> None:
    program = (
        "from backplane.placement import FEW_NODES, Placement; from backplane.interface import Node, NodeMap; "
        "Placement(NodeMap(1, {str(number): Node(str(number)) for number in range(FEW_NODES)}))"
    )
    assert _loaded(program, tmp_path) & ARRAYS == set()


def _loaded(program: str, folder: Path) -> set[str]:
    """Return the packages that are loaded after `program`."""
    environment = {
        **os.environ,
        "TIDINGS_REDIS_URL": "redis://127.0.0.1:6379/1",
        "TIDINGS_DATA": str(folder),
        "TIDINGS_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/accounts.db",
        "TIDINGS_ENDPOINT": "localhost",
    }
    command = [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}
