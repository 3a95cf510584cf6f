"""The id of the request that made a change, in the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("request_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    # Not in a batch: on SQLite that makes a new table, without the triggers that keep the log as it is.
    op.drop_column("audit_entry", "request_id")
