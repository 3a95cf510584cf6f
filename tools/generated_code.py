"""The committed code made from `.proto` files is what the pinned generator makes of them today.

`python -m tools.generated_code --write` writes it anew (`make proto`).
"""

import importlib.resources
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.tree import ROOT, files


def generate(root: Path, output: Path) -> list[Path]:
    """Write the code of each `.proto` file under `root` to the same place under `output`; return their paths there."""
    sources = [path.relative_to(root).as_posix() for path in files(root, "*.proto")]
    if not sources:
        return []
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    into = [f"--{kind}_out={output}" for kind in ("python", "pyi", "grpc_python")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", f"-I{well_known}", *into, *sources]
    subprocess.run(command, cwd=root, check=True)
    return sorted(path.relative_to(output) for path in output.rglob("*_pb2*") if path.suffix in {".py", ".pyi"})


def problems(root: Path = ROOT) -> list[str]:
    """Return each committed file that is missing, out of date or made from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        made = generate(root, fresh)
        stale = [
            f"{name} is not what its .proto makes; run make proto"
            for name in made
            if not (root / name).is_file() or (root / name).read_bytes() != (fresh / name).read_bytes()
        ]
    committed = {path.relative_to(root) for path in files(root, "*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")}
    return stale + [f"{name} has no .proto" for name in sorted(committed - set(made))]


def main(arguments: list[str]) -> int:
    if arguments == ["--write"]:
        with tempfile.TemporaryDirectory() as folder:
            for name in generate(ROOT, Path(folder)):
                (ROOT / name).write_bytes((Path(folder) / name).read_bytes())
                print(name)
        return 0
    found = problems()
    print("\n".join(found) or "generated code is current")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
