"""One row counts the changes of all accounts, so that their versions appear in order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("newest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("newest", name="pk_change"),
    )
    op.execute("INSERT INTO change (newest) SELECT coalesce(max(version), 0) FROM account")


def downgrade() -> None:
    op.drop_table("change")
