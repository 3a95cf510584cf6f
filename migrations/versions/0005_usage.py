"""Usage: the batches of routers, and what they add up to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SUMS = ("usage_minute", "usage_quarter", "usage_hour", "usage_day")


def upgrade() -> None:
    op.add_column("account", sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False))
    op.create_table(
        "usage_series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("cache_id", sa.String(length=64), nullable=False),
        sa.Column("cache_name", sa.String(length=255), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("principal", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage_series"),
        sa.UniqueConstraint(
            "account_id", "cache_id", "meter", "principal", name="uq_usage_series_account_id_cache_id_meter_principal"
        ),
    )
    for table in SUMS:
        _sums(table)
    _batches()


def downgrade() -> None:
    for table in ("usage_batch", "usage_boot", *SUMS, "usage_series"):
        op.drop_table(table)
    with op.batch_alter_table("account") as table:
        table.drop_column("time_zone")


def _sums(table: str) -> None:
    op.create_table(
        table,
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("operations", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("peak", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["usage_series.id"], name=f"fk_{table}_series_id_usage_series"),
        sa.PrimaryKeyConstraint("series_id", "minute", name=f"pk_{table}"),
    )


def _batches() -> None:
    op.create_table(
        "usage_boot",
        sa.Column("router", sa.String(length=64), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("applied_to", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("router", "boot", name="pk_usage_boot"),
    )
    op.create_table(
        "usage_batch",
        sa.Column("router", sa.String(length=64), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("router", "boot", "number", name="pk_usage_batch"),
    )
    op.create_index("ix_usage_batch_minute", "usage_batch", ["minute"])
