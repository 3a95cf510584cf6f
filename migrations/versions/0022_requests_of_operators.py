"""Requests with an idempotency key also of operators of the installation, who belong to no account."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotent_request") as table:
        table.alter_column("account_id", existing_type=sa.String(length=64), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM idempotent_request WHERE account_id IS NULL")
    with op.batch_alter_table("idempotent_request") as table:
        table.alter_column("account_id", existing_type=sa.String(length=64), nullable=False)
