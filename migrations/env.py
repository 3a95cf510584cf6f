"""Alembic's entry: runs the migrations on the connection that the account service hands over."""

from importlib import import_module

from alembic import context
from sqlalchemy import text

from accounts.database.base import Base

NOUNS = ("batches", "caches", "jobs", "keys", "memberships", "presigning", "sessions", "tenants", "usage", "users")
for noun in NOUNS:  # a model is known to the metadata once it is imported
    import_module(f"accounts.{noun}.models")

LOCK_TIMEOUT = "1s"
"""A migration that cannot get its lock gives up rather than make every query wait behind it."""

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    context.run_migrations()
