"""Compiles the hot path beside its sources, or takes what was compiled away: `python -m tools.hot_path compile|plain`.

Which modules that are is in setup.py. `compile` does nothing where all are newer than their sources; with
`--if-possible` it says so and ends well where there is no C compiler, or where that fails.
"""

import os
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.build import SUFFIX, built_at, compiled, stale

ROOT = Path(__file__).parents[1]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit status."""
    if arguments[:1] == ["plain"]:
        remove(ROOT)
        return 0
    if arguments[:1] != ["compile"]:
        print(__doc__)
        return 2
    if is_current(ROOT):
        return 0
    why = lacking() or compile_modules(ROOT)
    if why is None:
        return 0
    print(f"{why}: the hot path is plain Python, which serves two to three fifths less (docs/performance.md)")
    return 0 if "--if-possible" in arguments else 1


def is_current(root: Path) -> bool:
    """Whether there is nothing to compile: all that setup.py lists is there, and newer than its source."""
    if built_at(root) <= (root / "setup.py").stat().st_mtime or stale(root):
        return False
    return all((root / f"{module}{SUFFIX}").exists() for module in listed(root))


def listed(root: Path) -> list[str]:
    """Return the modules that are to be compiled, as paths without an ending."""
    modules: Mapping[str, Sequence[str]] = runpy.run_path(str(root / "setup.py"))["HOT_PATH"]
    return [f"{folder}/{name}" for folder, names in modules.items() for name in names]


def lacking() -> str | None:
    """Return what this machine lacks to compile; None for nothing."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler}) here"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python's header files are not installed here"
    return None


def compile_modules(root: Path) -> str | None:
    """Compile all modules, each library on a core of its own; return why that failed, or None."""
    print("compiling the hot path to C, which takes a minute or so; `make plain` takes it away again", flush=True)
    remove(root)  # what is there is not replaced where its source is older, and may have left the list
    try:
        status = _built(root)
        if status and (root / ".mypy_cache").exists():
            shutil.rmtree(root / ".mypy_cache")  # at what it kept of other sources or another list, mypyc may fail
            status = _built(root)
    except KeyboardInterrupt:
        remove(root)  # a part of the modules would run
        raise
    if status:
        remove(root)
        return f"it could not be compiled (status {status}; see above)"
    for path in compiled(root):
        path.touch()  # what was built before, from the same text, is as new as its source now
    return None


def _built(root: Path) -> int:
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", "--parallel", str(os.cpu_count() or 1)]
    return subprocess.run(command, cwd=root, env=os.environ | {"TIDINGS_COMPILE": "1"}, check=False).returncode


def remove(root: Path) -> None:
    """Take all away that was compiled."""
    for path in list(compiled(root)):
        path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
