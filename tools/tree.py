"""The files of the repository, as Git would commit them: tracked ones, and new ones that are not ignored."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".svg", "bench/results.md")


def files(root: Path = ROOT, *patterns: str) -> list[Path]:
    """Return the files under `root` that match one of the Git path patterns, or all of them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    found = {root / name for name in listed.split("\0") if name}
    return sorted(path for path in found if path.is_file())


def is_generated(path: Path) -> bool:
    return path.as_posix().endswith(GENERATED)
