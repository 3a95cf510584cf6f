"""What becomes of streams that fall behind is a cache's to say."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    policy = sa.Column("slow_reader_policy", sa.String(length=16), nullable=False, server_default="drop_oldest")
    op.add_column("cache", policy)


def downgrade() -> None:
    with op.batch_alter_table("cache") as table:
        table.drop_column("slow_reader_policy")
