"""Where Node.js and its packages are, or why tests that need them do not run."""

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.service import ROOT

PACKAGES = ROOT / "tests" / "node_modules"


def required(found: object, what: str, how: str) -> None:
    """Skip the test where something is missing; where CI runs, that is a failure, or nobody would notice."""
    if found:
        return
    message = f"{what} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def program(script: str) -> list[str]:
    """Return the command that runs a script in a folder below the packages."""
    node = shutil.which("node")
    required(node, "Node.js", "install nodejs and npm")
    required((PACKAGES / "@gomomento" / "sdk").exists(), "the Node.js SDK", "npm install --prefix tests")
    assert node
    return [node, str(Path(ROOT) / "tests" / script)]
