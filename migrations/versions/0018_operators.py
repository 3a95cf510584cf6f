"""Operators of the installation, their tokens and their looks at accounts; suspensions with a reason; purges."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("suspension_reason", sa.String(length=255), server_default="", nullable=False))
    op.add_column("account", sa.Column("suspended_at", sa.BigInteger(), nullable=True))
    _operators()
    op.create_table(
        "impersonation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_impersonation_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_impersonation"),
        sa.UniqueConstraint("secret_hash", name="uq_impersonation_secret_hash"),
    )
    op.create_index("ix_impersonation_account_id", "impersonation", ["account_id"])
    op.create_table(
        "purge",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("cache_id", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.Column("passes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "cache_id", name="pk_purge"),
    )


def downgrade() -> None:
    for table in ("purge", "impersonation", "operator_token", "operator"):
        op.drop_table(table)
    with op.batch_alter_table("account") as table:
        table.drop_column("suspended_at")
        table.drop_column("suspension_reason")


def _operators() -> None:
    op.create_table(
        "operator",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_operator_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_operator"),
    )
    op.create_table(
        "operator_token",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operator_token"),
        sa.UniqueConstraint("secret_hash", name="uq_operator_token_secret_hash"),
    )
