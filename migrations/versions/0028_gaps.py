"""The ledger of gaps: what subscribers were told to have missed."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gap",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("cache_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("streams", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_gap_account_id_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_gap"),
        sa.UniqueConstraint(
            "account_id", "minute", "cache_id", "topic", "cause", name="uq_gap_account_id_minute_cache_id_topic_cause"
        ),
    )
    op.create_index("ix_gap_minute", "gap", ["minute"])


def downgrade() -> None:
    op.drop_table("gap")
