"""What is left to be told of an account, and the plans that prove its invoices, outlive it."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TABLES = ("webhook_endpoint", "plan_assignment")


def upgrade() -> None:
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_constraint(f"fk_{name}_account_id_account", type_="foreignkey")


def downgrade() -> None:
    for name in _TABLES:
        rows, accounts = sa.table(name, sa.column("account_id")), sa.table("account", sa.column("id"))
        op.execute(sa.delete(rows).where(rows.c.account_id.not_in(sa.select(accounts.c.id))))
        with op.batch_alter_table(name) as table:
            table.create_foreign_key(
                f"fk_{name}_account_id_account", "account", ["account_id"], ["id"], ondelete="CASCADE"
            )
