"""The page of bounds has the values of the code, names tests that are there, and leaves out none of the data plane."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "bounds.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (.+?) \| `([\d_]+)`[^|]* \| `([\w.]+):([\w.]+)` \| (.+?) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$"
)
ROWS = [found.groups() for line in PAGE.splitlines() if (found := ROW.match(line))]
DATA_PLANE = ("api", "backplane", "router", "storage")

NO_BOUND_OF_ITS_OWN = {
    "api.account:MOST_HISTORY": "what a cache may ask for; the storage nodes' settings are above",
    "api.frames:MOST_UNANSWERED": "how often",
    "api.frames:MOST_UNASKED": "how often",
    "backplane.busiest:MOST_TOLD": "rows of one answer to an operator",
    "backplane.memory:MOST_KEYS": "the same as in Redis, in one process",
    "backplane.memory_quotas:MOST_DEBT_SECONDS": "a length of time of a limit",
    "backplane.redis.quotas:MOST_DEBT_SECONDS": "a length of time of a limit",
    "router.feed:MOST_REST_SECONDS": "a length of time",
    "router.http.request:MAX_DIGITS": "the largest number that can be a sequence number",
    "router.http.request:MAX_SEQUENCE": "the largest number that can be a sequence number",
    "router.log:MAX_JOINED": "copies that share bytes of the log, which is bounded",
    "router.meters.flights:_MOST_MESSAGES": "the width of a number",
    "router.publishes:MAX_PUBLISH_BYTES": "the sum of two bounds above",
    "router.slots:MOST_SPARE": "room for subscriptions that is asked for in advance",
    "storage.answered:REMEMBERED_SECONDS": "a length of time",
    "storage.durable.topics:MAX_GROUP": "of one write to Redis; what waits is bounded by the session",
    "storage.durable.topics:MAX_GROUP_BYTES": "of one write to Redis; what waits is bounded by the session",
    "storage.durable.topics:MOST_LEFT": "topics that left, kept for a while as names alone",
    "storage.durable.topics:MOST_TRIES": "how often",
    "storage.node:MOST_SKEW_MS": "a length of time",
}


def value_of(module: object, name: str) -> object:
    """Return a constant, or the default of a field of a class of settings."""
    first, _, field = name.partition(".")
    found = getattr(module, first)
    return getattr(found(), field) if field else found


def constants() -> set[str]:
    found: set[str] = set()
    for part in DATA_PLANE:
        for file in (ROOT / part).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            text = "" if file.name.endswith(("_pb2.py", "_pb2_grpc.py")) else file.read_text(encoding="utf-8")
            for statement in ast.parse(text).body:
                names = statement.targets if isinstance(statement, ast.Assign) else []
                names += [statement.target] if isinstance(statement, ast.AnnAssign) else []
                names = [each for name in names for each in (name.elts if isinstance(name, ast.Tuple) else [name])]
                words = [name.id for name in names if isinstance(name, ast.Name)]
                found |= {f"{module}:{word}" for word in words if re.match("_?(MAX|MOST|REMEMBERED)_", word)}
    return found


def test_there_is_a_row_for_each_bound_of_the_data_plane() -> None:
    told = {f"{module}:{name}" for _, _, module, name, *_ in ROWS}
    assert constants() - told == NO_BOUND_OF_ITS_OWN.keys()


@pytest.mark.parametrize(
    ("what", "value", "module", "name", "beyond", "path", "test"), ROWS, ids=lambda part: part[:40]
)
def test_a_row_has_the_value_of_the_code_and_a_test(
    what: str, value: str, module: str, name: str, beyond: str, path: str, test: str
) -> None:
    assert value_of(importlib.import_module(module), name) == int(value), what
    assert beyond
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE), f"{path}::{test}"


def test_each_line_of_the_tables_is_understood() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(lines) == len(ROWS) + 1  # Envoy's own bound of headers is no constant of ours
    assert len(ROWS) > 30
