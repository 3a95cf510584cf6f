"""What Envoy's threads are worth to the kernel."""

import os
from contextlib import suppress
from pathlib import Path


def lowered(pid: int) -> dict[bool, set[int]]:
    """Return by how much the threads of a process stand behind its first one: those for connections, and all others."""
    usual = os.getpriority(os.PRIO_PROCESS, pid)
    found = {True: set[int](), False: set[int]()}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            is_workers = (thread / "comm").read_text().startswith("wrk:worker_")
            found[is_workers].add(os.getpriority(os.PRIO_PROCESS, int(thread.name)) - usual)
    return found
