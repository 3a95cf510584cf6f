"""Has a process log to standard error.

What renders the lines takes 50 ms to import and is imported with the first of them, since many processes have none.
"""

import logging
import sys
from typing import TYPE_CHECKING, TextIO

from typing_extensions import override

if TYPE_CHECKING:
    from cli.logs.variables import Form, LogVariables

OURS = ("accounts", "api", "backplane", "cli", "router", "storage", "tidings")


def log_to_standard_error(variables: "LogVariables", level: str | None = None) -> None:
    """Have this process log in the form, and from the level on, that `variables` say; `level` in place of theirs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(variables.log_format, sys.stderr))
    number = logging.getLevelNamesMapping()[(level or variables.log_level).upper()]
    # At DEBUG libraries show what they send, such as the parameters of a statement, and drown our own lines.
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
    logging.captureWarnings(capture=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request otherwise


def is_json(form: "Form", stream: TextIO) -> bool:
    """Whether lines to a stream are JSON."""
    return form == "json" or (form == "auto" and not stream.isatty())


class _Formatter(logging.Formatter):
    def __init__(self, form: "Form", stream: TextIO) -> None:
        super().__init__()
        self._form: Form = form
        self._stream = stream
        self._made: logging.Formatter | None = None

    @override
    def format(self, record: logging.LogRecord) -> str:
        if self._made is None:
            from cli.logs.rendering import formatter  # noqa: PLC0415  see above

            self._made = formatter(json=is_json(self._form, self._stream), colors=self._stream.isatty())
        return self._made.format(record)
