"""What the kernel tells of a process."""

from pathlib import Path


def stat_fields(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the third one on, the state; see proc_pid_stat(5).

    They follow the name, which may itself hold spaces and brackets.

    Raises:
        FileNotFoundError: there is no such process.
    """
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
