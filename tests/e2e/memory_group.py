"""A control group with little memory, for a service that is killed where it takes more; see cgroups(7)."""

import contextlib
import os
import signal
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.service import until

_MOUNT: Final = Path("/sys/fs/cgroup")
_VERSIONS: Final = (
    (_MOUNT / "memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
    (_MOUNT, "memory.max", "memory.peak"),
)


@dataclass(frozen=True)
class MemoryGroup:
    """A group that was made."""

    folder: Path
    peak: str

    @property
    def under(self) -> Sequence[str]:
        """The command that becomes another one within the group."""
        return ("/bin/sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh")

    @property
    def most_bytes(self) -> int:
        """The most that the group has held at a time."""
        return int((self.folder / self.peak).read_text())

    def members(self) -> list[int]:
        """Return the processes in it."""
        return [int(line) for line in (self.folder / "cgroup.procs").read_text().split()]


@contextmanager
def memory_group(limit_bytes: int) -> Generator[MemoryGroup | None]:
    """Make a group with so much memory until the end of the block; None where that is not allowed here."""
    group = _made(limit_bytes)
    try:
        yield group
    finally:
        if group is not None:
            for pid in group.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            until(lambda: not group.members(), what="the end of all processes of a control group")
            group.folder.rmdir()


def _made(limit_bytes: int) -> MemoryGroup | None:
    for mount, limit, peak in _VERSIONS:
        folder = mount / f"tidings-test-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(limit_bytes))
            (folder / peak).read_text()  # of the second version, Linux has it since 5.19
        except OSError:
            folder.rmdir()
            continue
        return MemoryGroup(folder, peak)
    return None
