"""The machine that the figures are from."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What someone needs to know to compare figures with those of another machine.

    Attributes:
        load: The load average of one minute before the run began: what else was running.
    """

    processor: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    began: str
    load: float

    @property
    def kind(self) -> tuple[str, int, int, str, str]:
        """What two machines must share for their figures to stand in one report."""
        return self.processor, self.cores, round(self.memory_gib), self.kernel, self.python

    @staticmethod
    def this() -> "Machine":
        """Describe the machine that this runs on."""
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return Machine(
            _processor(),
            len(os.sched_getaffinity(0)),
            pages / 2**30,
            platform.release(),
            platform.python_version(),
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            os.getloadavg()[0],
        )

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gib:.0f} GiB, Linux {self.kernel}, "
            f"Python {self.python}; {self.began}; load average before the run {self.load:.2f}"
        )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
