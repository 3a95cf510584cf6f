"""`INSERT … ON CONFLICT DO NOTHING RETURNING`, which SQLAlchemy has for each database by another name."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.base import Base


async def insert_once(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """Insert a row; return whether it is new, and not one whose primary key or unique columns are there already."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = table.__mapper__.primary_key
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing().returning(*key)
    return (await session.execute(statement)).first() is not None
