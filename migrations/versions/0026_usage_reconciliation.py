"""What storage nodes and edges count, and the report of each hour that compares it with what was billed."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_COUNTS = (
    "publishes_billed",
    "publishes_stored",
    "publish_bytes_billed",
    "publish_bytes_stored",
    "deliveries_billed",
    "delivery_bytes_billed",
)


def upgrade() -> None:
    op.create_table(
        "usage_witnessed",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(length=64), nullable=False) for name in ("witness", "boot", "account")),
        sa.Column("kind", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("messages", "bytes", "most")),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "kind", "witness", "boot", "account", name="pk_usage_witnessed"),
    )
    op.create_table(
        "usage_reconciliation",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vanished", "findings", "carried")),
        sa.PrimaryKeyConstraint("hour", name="pk_usage_reconciliation"),
    )


def downgrade() -> None:
    op.drop_table("usage_reconciliation")
    op.drop_table("usage_witnessed")
