"""How much memory there is for this process: the machine's, or less where a control group has a limit.

A container sees all of the machine's memory, and is killed where it takes more than its own.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def memory_bytes(root: Path = _ROOT) -> int:
    """Return the least of the machine's memory and the limits of the control groups that this process is in.

    `root` is where `proc` and `sys` are.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_limits(root)])


def _limits(root: Path) -> Iterator[int]:
    """Return the limits of each group of ours and of those above it, by either version; see cgroups(7)."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if not controllers:
            mount, file = root / "sys/fs/cgroup", "memory.max"
        elif controllers == "memory":
            mount, file = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        inner = PurePosixPath(path.lstrip("/"))
        # The first version names groups as the machine does, where a container sees its own at the top.
        for folder in (inner, *inner.parents):
            limit = _limit(mount / folder / file)
            if limit is not None:
                yield limit


def _limit(file: Path) -> int | None:
    try:
        found = file.read_text().strip()
    except OSError:
        return None
    return None if found == "max" else int(found)
