"""Caches may have limits of their own, and bounds on the history of their topics."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = (
    "publishes_per_second",
    "publish_bytes_per_second",
    "subscriptions",
    "message_bytes",
    "history_items",
    "history_bytes",
    "history_seconds",
)


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("cache", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cache") as table:
        for name in reversed(COLUMNS):
            table.drop_column(name)
