"""How a log line looks: one JSON object, or a text for people. Lines of libraries have the same form as ours.

Texts come from anybody, such as the name of a topic in an error: none of them may begin another line or speak to a
terminal.
"""

import logging
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.dev import plain_traceback
from structlog.typing import Processor

from api.log_context import bound
from cli.logs.redaction import redacted

Line = MutableMapping[str, Any]

_PLAIN = frozenset((*vars(logging.makeLogRecord({})), "color_message"))
"""Members of a record that say nothing more: those that each has, and uvicorn's own copy of a text with colours."""


def formatter(*, json: bool, colors: bool) -> logging.Formatter:
    """Return what makes lines of records; `colors` are for a terminal."""
    render: list[Processor] = (
        [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()]
        if json
        else [_on_one_line, _text(colors=colors)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.processors.format_exc_info],
        processors=[_about, _without_secrets, *render],
    )


def _text(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=colors, pad_event_to=0, sort_keys=False, timestamp_key="time", exception_formatter=plain_traceback
    )


def _about(_: object, __: str, line: Line) -> Line:
    """Put the members into the order in which they are read."""
    record: logging.LogRecord = line["_record"]
    extra = {name: fact for name, fact in vars(record).items() if name not in _PLAIN}
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"time": time, "level": record.levelname.lower(), "logger": record.name, "event": line["event"]}
    more = {name: line[name] for name in ("exception", "stack_info") if line.get(name)}
    return {**told, **bound(), **extra, **more}


def _without_secrets(_: object, __: str, line: Line) -> Line:
    return redacted(line)


def _on_one_line(_: object, __: str, line: Line) -> Line:
    """Escape what a terminal obeys. An exception keeps its lines, each indented so that none passes for another."""
    for name, fact in line.items():
        if isinstance(fact, str):
            between = "\n    " if name in {"exception", "stack_info"} else "\\n"
            line[name] = between.join(map(_printable, fact.split("\n")))
    if "exception" in line:
        line["exception"] = f"    {line['exception']}"
    return line


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
