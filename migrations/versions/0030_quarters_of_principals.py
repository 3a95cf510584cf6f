"""Usage by quarters of an hour for each principal too; what was counted before stays in minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLE = "usage_principal_quarter"
NUMBERS = ("minute", "messages", "bytes", "operations", "seconds", "peak")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in NUMBERS),
        sa.ForeignKeyConstraint(["series_id"], ["usage_series.id"], name=f"fk_{TABLE}_series_id_usage_series"),
        sa.PrimaryKeyConstraint("series_id", "minute", name=f"pk_{TABLE}"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
