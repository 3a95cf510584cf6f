"""Where the programs of a page run, one after the other: a folder, and the variables that those before have set."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.sdk_node.node import PACKAGES, program
from tests.e2e.service import ROOT

SECONDS = 60


class Shell:
    """A folder in which commands of a page find what a reader would have: `tidings`, the SDKs, and the data folder."""

    def __init__(self, folder: Path, data: Path, variables: Mapping[str, str]) -> None:
        binaries = Path(sys.executable).parent
        (folder / ".venv").symlink_to(binaries.parent)
        (folder / "data").symlink_to(data)
        (folder / "node_modules").symlink_to(PACKAGES)
        self._folder = folder
        self._state = folder / "variables.sh"
        self._environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        self._environment |= variables

    def run(self, language: str, text: str) -> str:
        """Run a program and return what it has printed."""
        match language:
            case "sh":
                command = f". {self._state}\n{text}\nexport -p > {self._state}"
            case "python":
                (self._folder / "snippet.py").write_text(text)
                command = f". {self._state}; exec python snippet.py"
            case _:
                (self._folder / "snippet.mjs").write_text(text)
                node, *_ = program("")
                command = f". {self._state}; exec {node} snippet.mjs"
        self._state.touch()
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout
