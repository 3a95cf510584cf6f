"""Where an export goes, and a line on standard error that says how it goes."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click

TOLD_SECONDS = 1.0


class RowsWritten:
    """Counts rows, and tells once a second; None for `shown` tells where standard error is a terminal."""

    def __init__(self, *, shown: bool | None, now: Callable[[], float] = time.monotonic) -> None:
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._fresh_line = "\r\x1b[K" if sys.stderr.isatty() else ""
        self._now = now
        self._begun = self._told = now()
        self._rows = 0

    def wrote(self, rows: int) -> None:
        """Count rows that were written."""
        self._rows += rows
        if self._now() - self._told >= TOLD_SECONDS:
            self._tell(last=False)

    def end(self) -> None:
        """Tell for the last time."""
        self._tell(last=True)

    def _tell(self, *, last: bool) -> None:
        if not self._shown:
            return
        self._told = self._now()
        rate = self._rows / max(self._told - self._begun, 0.001)
        text = f"{self._fresh_line}{self._rows} rows, {rate:.0f}/s"
        click.echo(text, err=True, nl=last or not self._fresh_line)


@contextmanager
def written_to(path: Path | None) -> Generator[Callable[[bytes], object]]:
    """Write to standard output, or to a file that is there when all of it was written, and else stays as it was."""
    if path is None:
        yield sys.stdout.buffer.write
        return
    try:
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as reason:
        raise click.ClickException(f"{path} cannot be written: {reason.strerror}") from reason
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file.write
        Path(unfinished).replace(path)
    except OSError as reason:
        raise click.ClickException(f"{path} cannot be written: {reason.strerror}") from reason
    finally:
        Path(unfinished).unlink(missing_ok=True)
