"""Alembic's entry: runs the migrations on the connection that the account service hands over."""

from importlib import import_module
from pathlib import Path

from alembic import context
from sqlalchemy import text

import accounts
from accounts.database.base import Base

for models in sorted(Path(accounts.__file__).parent.glob("*/models.py")):
    import_module(f"accounts.{models.parent.name}.models")  # it is known to the metadata once it is imported

LOCK_TIMEOUT = "1s"
"""A migration that cannot get its lock gives up rather than make every query wait behind it."""

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()  # Alembic leaves a transaction that it finds open to whoever opened it
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,  # what one has locked is free before the next one begins
)
with context.begin_transaction():
    context.run_migrations()
