"""Which parts of a server its processor time went to, by perf, where it is there and allowed to look.

Unlike py-spy it sees Envoy, the kernel and the bridge between Envoy and Python, and it hardly slows what it looks at.
"""

import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Final

_HERTZ: Final = 499
"""Not a divisor of any timer's rate, so that samples do not fall into step with it."""

_SEPARATOR: Final = ";"
ENVOY: Final = "Envoy"
BRIDGE: Final = "pyvoy"
KERNEL: Final = "the kernel"
PYTHON: Final = "Python"


def record(pids: Collection[int], file: Path) -> "subprocess.Popen[bytes] | None":
    """Let perf sample these processes, until it is interrupted."""
    perf = shutil.which("perf")
    if perf is None:
        return None
    what = ["--quiet", "--freq", str(_HERTZ), "--event", "cpu-clock", "--pid", ",".join(map(str, pids))]
    command = [perf, "record", *what, "--output", str(file)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shares(file: Path) -> list[tuple[str, float]]:
    """Return the parts of what was recorded, the largest first; nothing where perf was not allowed to."""
    perf = shutil.which("perf")
    if perf is None or not file.exists():
        return []
    options = ["--input", str(file), "--stdio", "--sort", "comm,dso", "--field-separator", _SEPARATOR]
    told = subprocess.run([perf, "report", *options], check=False, capture_output=True, text=True)
    return parts(told.stdout)


def parts(report: str) -> list[tuple[str, float]]:
    """Return the parts of a report of perf, by thread and object, and how much of all samples each has."""
    found: dict[str, float] = {}
    for line in report.splitlines():
        share, _, rest = line.partition(_SEPARATOR)
        thread, _, shared_object = rest.partition(_SEPARATOR)
        if shared_object and not line.startswith("#"):
            part = _part(thread.strip(), shared_object.strip())
            found[part] = found.get(part, 0.0) + float(share.strip().rstrip("%")) / 100
    return sorted(found.items(), key=lambda each: -each[1])


def _part(thread: str, shared_object: str) -> str:
    """Return whose work it is. What a library of C does, or the kernel's clock, is the work of whose thread it is."""
    if shared_object.startswith("[kernel") or shared_object in ("[unknown]", "[guest.kernel.kallsyms]"):
        return KERNEL
    if shared_object.startswith("_pyvoy"):
        return BRIDGE
    if shared_object == "envoy" or thread.startswith("wrk:"):
        return ENVOY
    return thread if thread in ("redis-server", "nats-server") else PYTHON
