"""Sign-ups that are confirmed by e-mail, second factors, and log-ins that can be listed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.execute('UPDATE "user" SET confirmed_at = created_at')  # who is here was never asked
    for name in ("address", "user_agent"):
        op.add_column("session", sa.Column(name, sa.String(length=255), server_default="", nullable=False))
    op.add_column("session", sa.Column("used_at", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_session_account_id", "session", ["account_id"])
    _tokens_and_sign_ups()
    _second_factors()


def downgrade() -> None:
    for table in ("recovery_code", "second_factor", "sign_up", "user_token"):
        op.drop_table(table)
    with op.batch_alter_table("session") as table:
        table.drop_index("ix_session_account_id")
        for column in ("used_at", "user_agent", "address"):
            table.drop_column(column)
    with op.batch_alter_table("user") as table:
        table.drop_column("confirmed_at")


def _tokens_and_sign_ups() -> None:
    op.create_table(
        "user_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_user_token_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_user_token"),
    )
    op.create_index("ix_user_token_user_id", "user_token", ["user_id"])
    op.create_table(
        "sign_up",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("account_name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_up"),
    )
    op.create_index("ix_sign_up_email", "sign_up", ["email"])
    op.create_index("ix_sign_up_expires_at", "sign_up", ["expires_at"])


def _second_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_second_factor_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_recovery_code_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_code"),
    )
