"""What the kernel tells of a process."""

from pathlib import Path


def stat_fields(process: int | Path) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the third one on, the state; see proc_pid_stat(5).

    They follow the name, which may itself hold spaces and brackets. A thread is named by its folder, below
    `/proc/PID/task`.

    Raises:
        FileNotFoundError, ProcessLookupError: there is none.
    """
    folder = Path(f"/proc/{process}") if isinstance(process, int) else process
    return (folder / "stat").read_text().rpartition(")")[2].split()
