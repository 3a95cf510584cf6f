"""SQL is compiled once in a process: each service compiles what it asks by itself else, in a fourth of a test's time.

SQLAlchemy keeps compiled statements by the dialect, of which each engine has its own. Those here are equal to each
other: all engines of the tests have the same options, and all that are on Postgres the same server.
"""

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from typing_extensions import override


class Equal:
    """Is equal to all of its class."""

    @override
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    @override
    def __hash__(self) -> int:
        return hash(type(self))


class SQLite(Equal, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class AsyncPostgres(Equal, PGDialectAsync_psycopg):
    supports_statement_cache = True


class Postgres(PGDialect_psycopg):
    supports_statement_cache = True

    @classmethod
    @override
    def get_async_dialect_cls(cls, url: object) -> type[AsyncPostgres]:
        return AsyncPostgres


def install() -> None:
    """Have engines that are made from now on take these dialects."""
    registry.register("sqlite.aiosqlite", __name__, SQLite.__name__)
    registry.register("postgresql.psycopg", __name__, Postgres.__name__)
