"""A span for each statement that is part of a trace; with the statement, whose values are parameters and not in it."""

from typing import Any

from sqlalchemy import Engine, event

from api.tracing import Spans, current

MOST_CHARACTERS = 2_000
_BEGUN = "tidings_spans"


def trace(engine: Engine, spans: Spans) -> None:
    """Make spans of what an engine executes."""

    def before(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        above = current()
        if above is not None:
            facts = {"db.system.name": engine.dialect.name, "db.query.text": statement[:MOST_CHARACTERS]}
            span = spans.begin(statement.split(None, 1)[0].upper(), above.traceparent, facts, "client")
            connection.info.setdefault(_BEGUN, []).append(span)

    def after(connection: Any, *_: Any) -> None:  # noqa: ANN401 - as above
        if begun := connection.info.get(_BEGUN):
            begun.pop().end()

    def failed(context: Any) -> None:  # noqa: ANN401 - as above
        if context.connection is not None and (begun := context.connection.info.get(_BEGUN)):
            begun.pop().end(type(context.original_exception).__name__)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)
