"""Webhooks of topics, how far each has come, and what became of its events."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("cache_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("held_by", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("failing_since", "next_try_at")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_webhook_account_id_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["cache_id"], ["cache.id"], name="fk_webhook_cache_id_cache", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.UniqueConstraint("cache_id", "name", name="uq_webhook_cache_id_name"),
    )
    op.create_index("ix_webhook_account_id", "webhook", ["account_id"])
    op.create_index("ix_webhook_held_until", "webhook", ["held_until"])
    _events()


def _events() -> None:
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk_webhook_event_webhook_id_webhook", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_event"),
    )
    state = ["webhook_id", "state", "page", "number"]
    op.create_index("ix_webhook_event_webhook_id_state_page_number", "webhook_event", state)
    op.create_index("ix_webhook_event_webhook_id_page_number", "webhook_event", ["webhook_id", "page", "number"])


def downgrade() -> None:
    op.drop_table("webhook_event")
    op.drop_table("webhook")


_NUMBERS = (
    "old_secret_until",
    "concurrency",
    "per_second",
    "version",
    "page",
    "number",
    "held_until",
    "tries",
    "status",
    "created_at",
)
