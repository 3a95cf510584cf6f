"""Texts that a database makes of what it holds, the same ones on Postgres and SQLite."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

BILLION = 10**9


class sum_text(FunctionElement[str]):  # noqa: N801 - it is written as a function is
    """The sum of a column without negative numbers, in decimal digits, exact also beyond what a column holds."""

    type = String()
    inherit_cache = True


class json_text(FunctionElement[str]):  # noqa: N801 - as above
    """A text as JSON has it, with its quotes."""

    type = String()
    inherit_cache = True


class by_code_point(FunctionElement[str]):  # noqa: N801 - as above
    """A text to sort by as Python sorts, whatever the language of the database."""

    type = String()
    inherit_cache = True


@compiles(sum_text)
def _sum(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    return f"CAST(sum({compiler.process(element.clauses, **more)}) AS TEXT)"


@compiles(sum_text, "sqlite")
def _sum_of_parts(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    column = compiler.process(element.clauses, **more)
    high, low = f"sum({column} / {BILLION})", f"sum({column} % {BILLION})"  # a single sum has an end, which is an error
    carried = f"({high} + {low} / {BILLION})"
    digits = f"printf('%d%09d', {carried}, {low} % {BILLION})"
    return f"CASE WHEN {carried} > 0 THEN {digits} ELSE CAST({low} AS TEXT) END"


@compiles(json_text)
def _json(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
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
