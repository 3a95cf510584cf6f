"""Limits of accounts that are not as their plans have them, how much was used of them, and what owners were told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_override",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("hard", sa.BigInteger(), nullable=True),
        _of_account("limit_override"),
        sa.PrimaryKeyConstraint("account_id", "name", name="pk_limit_override"),
    )
    op.create_table(
        "limit_peak",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("cache_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("peak", sa.BigInteger(), nullable=False),
        _of_account("limit_peak"),
        sa.PrimaryKeyConstraint("account_id", "cache_id", "name", "hour", name="pk_limit_peak"),
    )
    op.create_table(
        "limit_warning",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("below_since", sa.BigInteger(), nullable=True),
        sa.Column("told_near_at", sa.BigInteger(), nullable=False),
        sa.Column("told_full_at", sa.BigInteger(), nullable=False),
        _of_account("limit_warning"),
        sa.PrimaryKeyConstraint("account_id", "name", name="pk_limit_warning"),
    )


def downgrade() -> None:
    for table in ("limit_warning", "limit_peak", "limit_override"):
        op.drop_table(table)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id_account"
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=name, ondelete="CASCADE")
