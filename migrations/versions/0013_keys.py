"""Keys that are replaced by others, and when keys were used last."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = ("replaced_by", "ends_at", "last_used_at", "last_used_address")


def upgrade() -> None:
    types = (sa.String(length=64), sa.BigInteger(), sa.BigInteger(), sa.String(length=64))
    with op.batch_alter_table("api_key") as table:
        for name, kind in zip(COLUMNS, types, strict=True):
            table.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        for name in reversed(COLUMNS):
            table.drop_column(name)
