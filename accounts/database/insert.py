"""`INSERT … ON CONFLICT DO NOTHING RETURNING`, which SQLAlchemy has for each database by another name."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable, Row, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.base import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


async def insert_once(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """Insert a row; return whether it is new, and not one whose primary key or unique columns are there already."""
    return bool(await insert_all_once(session, table, [values]))


async def insert_all_once(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> Sequence[Row[Any]]:
    """Insert rows, which there must be, and return the primary keys of those that were not there already."""
    return (await session.execute(_once(dialect_of(session), table), list(rows))).all()


def dialect_of(session: AsyncSession) -> str:
    """Return by which name SQLAlchemy knows the session's database: what a statement that is made once goes by."""
    return session.get_bind().dialect.name


def inserting(session: AsyncSession, table: type[Base]) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT that knows ON CONFLICT, as the session's database has it."""
    return inserting_into(dialect_of(session), table)


def inserting_into(dialect: str, table: type[Base] | Table) -> "postgresql.Insert | sqlite.Insert":
    """Return what `inserting` does, for a database of this dialect."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  of no use to one machine, and slow to import

    return postgresql.insert(table)


@cache
def _once(dialect: str, table: type[Base]) -> Executable:
    """Return what inserts once, made once: each second's usage would leave cycles of it for the garbage collector."""
    return inserting_into(dialect, table).on_conflict_do_nothing().returning(*table.__mapper__.primary_key)
