"""The keys that tokens are signed with, which were files before, and what each has signed."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_signing_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=True),
        sa.Column("from_file", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_token_signing_key"),
    )
    op.create_table(
        "lasting_tokens",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_lasting_tokens_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kid", "account_id", name="pk_lasting_tokens"),
    )
    op.add_column("api_key", sa.Column("kid", sa.String(length=64), nullable=True))
    op.create_index("ix_api_key_kid", "api_key", ["kid"])


def downgrade() -> None:
    op.drop_index("ix_api_key_kid", "api_key")
    with op.batch_alter_table("api_key") as table:
        table.drop_column("kid")
    op.drop_table("lasting_tokens")
    op.drop_table("token_signing_key")
