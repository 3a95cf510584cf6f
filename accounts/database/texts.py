"""Texts that a database makes of what it holds, the same ones on Postgres and SQLite."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class json_text(FunctionElement[str]):  # noqa: N801 - it is written as a function is
    """A text as JSON has it, with its quotes."""

    type = String()
    inherit_cache = True


class by_code_point(FunctionElement[str]):  # noqa: N801 - as above
    """A text to sort by as Python sorts, whatever the language of the database."""

    type = String()
    inherit_cache = True


@compiles(json_text)
def _json(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    return f"CAST(to_json({compiler.process(element.clauses, **more)}) AS TEXT)"


@compiles(json_text, "sqlite")
def _quoted(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    return f"json_quote({compiler.process(element.clauses, **more)})"


@compiles(by_code_point)
def _in_c(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    return f'({compiler.process(element.clauses, **more)}) COLLATE "C"'


@compiles(by_code_point, "sqlite")
def _as_it_is(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    return str(compiler.process(element.clauses, **more))
