"""What ties tokens to the log-ins that they were made with."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_binding",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_token_binding_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_token_binding"),
    )
    op.create_index("ix_token_binding_account_id", "token_binding", ["account_id"])
    op.create_index("ix_token_binding_user_id", "token_binding", ["user_id"])
    op.create_index("ix_token_binding_expires_at", "token_binding", ["expires_at"])


def downgrade() -> None:
    op.drop_table("token_binding")
