"""What a server's processor time went to while a scenario ran, and which of its threads had no more to give.

py-spy and perf, which are optional, sample it without changing it; threads' times are those of the kernel; and what
Envoy counted comes from its administration's socket. Profiling slows a server: such a run is not for a report.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from bench import perf
from bench.cpu import tree

_HERTZ: Final = 200
_TOP: Final = 15
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_EDGE: Final = ("downstream_cx_total", "downstream_rq_total", "x_bytes_total", "flow_control", "overflow")
"""Of what Envoy counts: connections, requests, bytes, and where it had to wait or refuse."""


@contextmanager
def profiled(pid: int, servers_folder: Path, folder: Path, name: str) -> Generator[None]:
    """Profile a server and its children in the meantime; write `NAME.md`, and `NAME-PID.folded` for each process.

    Args:
        pid: Of the process that was started.
        servers_folder: What the server writes is in there, and so is its administration's socket.
        folder: For the profile.
        name: Of the scenario and the system.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pids = tree(pid)
    files = {each: folder / f"{name}-{each}.folded" for each in pids}
    recorded = folder / f"{name}.perf"
    recorder = perf.record(pids, recorded)
    spies = [spy for spy in (*(_spy(each, file) for each, file in files.items()), recorder) if spy]
    threads, counters, began = _threads(pids), _counters(servers_folder), time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - began
        used, counted = _threads(pids), _counters(servers_folder)
        for spy in spies:
            spy.send_signal(signal.SIGINT)
        for spy in spies:
            spy.wait(30)
        stacks = "\n".join(file.read_text(encoding="utf-8") for file in files.values() if file.exists())
        busy = {key: (value - threads.get(key, 0.0)) / seconds for key, value in used.items()}
        edge = {key: value - counters.get(key, 0.0) for key, value in counted.items()}
        text = page(name, busy, perf.shares(recorded), top(stacks), edge)
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def top(folded: str) -> list[tuple[str, float]]:
    """Return the functions that most samples were taken in, with their shares, of stacks in the folded form."""
    samples: Counter[str] = Counter()
    for line in filter(None, folded.splitlines()):
        stack, _, count = line.rpartition(" ")
        innermost = stack.rpartition(";")[2].rpartition(":")[0]  # without the number of the line
        samples[innermost + ")" if innermost else "outside Python"] += int(count)
    return [(function, count / samples.total()) for function, count in samples.most_common(_TOP)]


def page(
    name: str,
    threads: dict[str, float],
    work: list[tuple[str, float]],
    functions: list[tuple[str, float]],
    edge: dict[str, float],
) -> str:
    """Return a profile as Markdown; threads are given in cores."""
    busiest = sorted(threads.items(), key=lambda each: -each[1])[:_TOP]
    lines = [f"# {name}", "", "| thread | cores |", "| --- | ---: |"]
    lines += [f"| {thread} | {cores:.2f} |" for thread, cores in busiest]
    if work:
        lines += ["", "| part | share |", "| --- | ---: |", *(f"| {part} | {share:.1%} |" for part, share in work)]
    lines += ["", "| function, by its own samples | share |", "| --- | ---: |"]
    lines += [f"| `{function}` | {share:.1%} |" for function, share in functions]
    if edge:
        lines += ["", "| counted by Envoy | |", "| --- | ---: |"]
        lines += [f"| `{counter}` | {value:,.0f} |" for counter, value in edge.items() if value]
    return "\n".join(lines) + "\n"


def _spy(pid: int, file: Path) -> "subprocess.Popen[bytes] | None":
    """Let py-spy sample a process until it is interrupted; a process without Python it leaves at once."""
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        return None
    command = [found, "record", "--nonblocking", "--rate", str(_HERTZ), "--format", "raw", "--duration", "3600"]
    where = ["--output", str(file), "--pid", str(pid)]
    return subprocess.Popen([*command, *where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _threads(pids: list[int]) -> dict[str, float]:
    """Return the CPU-seconds of each thread, by its name and numbers."""
    found: dict[str, float] = {}
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/stat"):
            head, _, tail = path.read_text(encoding="utf-8").rpartition(")")
            fields = tail.split()
            ticks = int(fields[11]) + int(fields[12])
            found[f"{head.partition('(')[2]} ({pid}/{path.parent.name})"] = ticks / _TICKS_PER_SECOND
    return found


def _counters(servers_folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for path in servers_folder.rglob("admin.sock"):
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://envoy", timeout=5) as client:
            stats = client.get("/stats?usedonly").text
        for line in stats.splitlines():
            name, _, value = line.partition(": ")
            if value.isdigit() and "admin" not in name and any(part in name for part in _EDGE):
                found[name] = found.get(name, 0.0) + float(value)
    return found
