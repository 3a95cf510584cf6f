"""What the kernel tells of a process."""

from pathlib import Path


def stat_fields(of: int | Path) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the third one on, the state; see proc_pid_stat(5).

    They are those of a process, or of a thread by its folder below `/proc/PID/task`.

    They follow the name, which may itself hold spaces and brackets.

    Raises:
        FileNotFoundError, ProcessLookupError: there is none.
    """
    folder = Path(f"/proc/{of}") if isinstance(of, int) else of
    return (folder / "stat").read_text().rpartition(")")[2].split()
