"""Alembic's migrations of the account database."""
