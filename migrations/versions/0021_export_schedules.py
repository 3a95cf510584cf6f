"""Schedules of exports."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_schedule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("granularity", sa.String(length=16), nullable=False),
        sa.Column("every", sa.String(length=16), nullable=False),
        sa.Column("next_start", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.String(length=512), nullable=False),
        sa.Column("newest_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_export_schedule_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_export_schedule"),
    )
    op.create_index("ix_export_schedule_account_id", "export_schedule", ["account_id"])
    op.create_index("ix_export_schedule_due_at", "export_schedule", ["due_at"])


def downgrade() -> None:
    op.drop_table("export_schedule")
