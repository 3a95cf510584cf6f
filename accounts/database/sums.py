"""Sums of whole numbers that stay whole, also beyond what a column holds.

Postgres makes a numeric of them. SQLite adds up the two parts of each number, because its own sum ends with an error
there, and its own addition makes a float.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer, String, TypeDecorator, case, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from typing_extensions import override

HALF_BITS = 32
BILLION = 10**9
MOST = 2**63 - 1
"""What a column holds."""


class Whole(TypeDecorator[int]):
    """A whole number of any size, as a database has it or as its two halves."""

    impl = Integer
    cache_ok = True

    @override
    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        """Return what reads one value: called by itself, since `process_result_value` has two calls around it."""
        return _whole


def _whole(value: Any) -> int | None:  # noqa: ANN401 - as a database has it
    if not isinstance(value, str):
        return None if value is None else int(value)
    high, low = map(int, value.split())
    return (high << HALF_BITS) + low


class exact_sum(FunctionElement[int]):  # noqa: N801 - it is written as a function is
    """The sum of a column; None of no rows."""

    type = Whole()
    inherit_cache = True


@compiles(exact_sum)
def _sum(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    return str(compiler.process(func.sum(*element.clauses), **more))


@compiles(exact_sum, "sqlite")
def _sum_of_halves(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    (column,) = element.clauses
    high = cast(func.sum(column.op(">>")(HALF_BITS)), String)
    low = cast(func.sum(column.op("&")(2**HALF_BITS - 1)), String)
    return str(compiler.process(high.concat(" ").concat(low), **more))


class sum_text(FunctionElement[str]):  # noqa: N801 - as above
    """The sum of a column without negative numbers, in decimal digits, exact also beyond what a column holds."""

    type = String()
    inherit_cache = True


@compiles(sum_text)
def _sum_as_text(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    return f"CAST(sum({compiler.process(element.clauses, **more)}) AS TEXT)"


@compiles(sum_text, "sqlite")
def _sum_of_parts_as_text(element: Any, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    column = compiler.process(element.clauses, **more)
    high, low = f"sum({column} / {BILLION})", f"sum({column} % {BILLION})"
    carried = f"({high} + {low} / {BILLION})"
    digits = f"printf('%d%09d', {carried}, {low} % {BILLION})"
    return f"CASE WHEN {carried} > 0 THEN {digits} ELSE CAST({low} AS TEXT) END"


def added_up(column: Any, more: Any) -> ColumnElement[int]:  # noqa: ANN401 - columns, of the table and of what is new
    """Return two columns added up; more than one holds is an error, where SQLite alone would make a float of it."""
    # No database has the absolute value of the smallest number; without the column Postgres would look for it at once.
    overflow = func.abs(column - column + literal(-MOST - 1, BigInteger))
    return case((column > MOST - more, overflow), else_=column + more)
