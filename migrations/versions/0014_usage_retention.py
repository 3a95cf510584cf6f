"""Usage goes when it is old enough."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("usage_boot", sa.Column("pruned_to", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "usage_pruned",
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("step", name="pk_usage_pruned"),
    )


def downgrade() -> None:
    op.drop_table("usage_pruned")
    with op.batch_alter_table("usage_boot") as table:
        table.drop_column("pruned_to")
