"""Money in a column: the digits as text, because SQLite would make a float of a number with a point."""

from decimal import Decimal

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

DIGITS = 64


class Exact(TypeDecorator[Decimal]):
    """A Decimal that comes back as it went in, zeros behind the point included. No database can add such columns up."""

    impl = String(DIGITS)
    cache_ok = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)
