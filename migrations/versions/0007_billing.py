"""Price plans, credits, and invoices that the database itself keeps from being changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = ("price_plan", "closed_period", "invoice_line", "charge")
MUTABLE = ("state", "state_at", "state_reason")
REFUSAL = "what was billed, and what it was billed by, is never changed"
TABLES = (
    "charge",
    "invoice_line",
    "invoice",
    "invoice_number",
    "closed_period",
    "adjustment",
    "credit",
    "test_clock_placement",
    "test_clock",
    "billing_profile",
    "plan_assignment",
    "price_plan",
)


def upgrade() -> None:
    _plans()
    _profiles()
    _clocks()
    _balances()
    _invoices()
    _lines()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgres()
    else:
        _refuse_on_sqlite()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_bills()")
        op.execute("DROP FUNCTION refuse_change_of_invoice()")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [_text(name, 64) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _keys(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id_account"
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=name, ondelete="CASCADE")


def _plans() -> None:
    op.create_table(
        "price_plan",
        _text("id", 64),
        *_keys("version"),
        _text("name", 255),
        _text("currency", 3),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("prices", sa.Text(), nullable=False),
        *_numbers("created_at"),
        sa.PrimaryKeyConstraint("id", "version", name="pk_price_plan"),
    )
    op.create_table(
        "plan_assignment",
        _text("account_id", 64),
        *_keys("since"),
        _text("plan_id", 64),
        *_numbers("plan_version", "made_at"),
        _of_account("plan_assignment"),
        sa.ForeignKeyConstraint(
            ["plan_id", "plan_version"],
            ["price_plan.id", "price_plan.version"],
            name="fk_plan_assignment_plan_id_plan_version_price_plan",
        ),
        sa.PrimaryKeyConstraint("account_id", "since", name="pk_plan_assignment"),
    )


def _profiles() -> None:
    op.create_table(
        "billing_profile",
        *_texts("account_id", "tax_rate", "tax_name"),
        _text("name", 255),
        _text("address", 1024),
        _text("email", 320),
        _text("tax_id", 64),
        *_numbers("begins_at", "closes_at"),
        _of_account("billing_profile"),
        sa.PrimaryKeyConstraint("account_id", name="pk_billing_profile"),
    )
    op.create_index("ix_billing_profile_closes_at", "billing_profile", ["closes_at"])


def _clocks() -> None:
    op.create_table(
        "test_clock",
        _text("account_id", 64),
        *_numbers("now", "made_at"),
        _of_account("test_clock"),
        sa.PrimaryKeyConstraint("account_id", name="pk_test_clock"),
    )
    op.create_table(
        "test_clock_placement",
        *_texts("router", "boot"),
        *_keys("number"),
        _text("account_id", 64),
        *_numbers("minute"),
        sa.PrimaryKeyConstraint("router", "boot", "number", "account_id", name="pk_test_clock_placement"),
    )


def _balances() -> None:
    op.create_table(
        "credit",
        *_texts("id", "account_id"),
        _text("currency", 3),
        *_texts("amount", "left"),
        _text("reason", 255),
        *_numbers("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_credit"),
    )
    op.create_index("ix_credit_account_id_created_at", "credit", ["account_id", "created_at"])
    op.create_table(
        "adjustment",
        *_texts("id", "account_id"),
        _text("currency", 3),
        *_texts("amount"),
        _text("reason", 255),
        _text("invoice_id", 64, nullable=True),
        *_numbers("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment"),
    )
    op.create_index("ix_adjustment_account_id_invoice_id", "adjustment", ["account_id", "invoice_id"])


def _invoices() -> None:
    op.create_table(
        "closed_period",
        _text("account_id", 64),
        *_keys("start"),
        *_numbers("end"),
        _text("zone", 64),
        *_numbers("closed_at"),
        sa.PrimaryKeyConstraint("account_id", "start", name="pk_closed_period"),
    )
    op.create_table(
        "invoice_number",
        _text("series", 16),
        *_numbers("newest"),
        sa.PrimaryKeyConstraint("series", name="pk_invoice_number"),
    )
    op.create_table(
        "invoice",
        *_texts("id", "account_id"),
        _text("series", 16),
        *_numbers("number"),
        _text("kind", 16),
        _text("voids", 64),
        *_numbers("period_start", "period_end"),
        _text("zone", 64),
        _text("currency", 3),
        *_texts("subtotal", "tax", "total"),
        _text("name", 255),
        _text("address", 1024),
        _text("tax_id", 64),
        *_numbers("finalized_at"),
        _text("state", 16),
        *_numbers("state_at"),
        _text("state_reason", 255),
        *_numbers("written_at"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint("series", "number", name="uq_invoice_series_number"),
        sa.UniqueConstraint(
            "account_id",
            "kind",
            "period_start",
            "currency",
            "voids",
            name="uq_invoice_account_id_kind_period_start_currency_voids",
        ),
    )
    op.create_index("ix_invoice_account_id_number", "invoice", ["account_id", "number"])


def _lines() -> None:
    op.create_table(
        "invoice_line",
        _text("invoice_id", 64),
        *_keys("number"),
        _text("kind", 16),
        *_texts("exact", "amount"),
        *_numbers("period_start", "period_end"),
        _text("zone", 64),
        *_numbers("part_start", "part_end"),
        _text("plan_id", 64),
        *_numbers("plan_version"),
        _text("meter", 64),
        *_numbers("tier", "quantity"),
        _text("unit_price", 64, nullable=True),
        _text("reason", 255),
        _text("source_id", 64),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_invoice_line_invoice_id_invoice"),
        sa.PrimaryKeyConstraint("invoice_id", "number", name="pk_invoice_line"),
    )
    op.create_table(
        "charge",
        _text("invoice_id", 64),
        *_keys("line"),
        *_texts("cache_id", "account_id"),
        *_numbers("period_start", "quantity"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_charge_invoice_id_invoice"),
        sa.PrimaryKeyConstraint("invoice_id", "line", "cache_id", name="pk_charge"),
    )
    op.create_index("ix_charge_account_id_period_start", "charge", ["account_id", "period_start"])


def _refuse_on_postgres() -> None:
    mutable = " - ".join(f"'{column}'" for column in MUTABLE)
    op.execute(
        "CREATE FUNCTION refuse_change_of_bills() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_change_of_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF OLD.state = 'void' OR to_jsonb(NEW) - {mutable} IS DISTINCT FROM to_jsonb(OLD) - {mutable} THEN "
        f"RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN NEW; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_bills()"
        )
    op.execute(
        "CREATE TRIGGER invoice_stays BEFORE DELETE OR TRUNCATE ON invoice "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_bills()"
    )
    op.execute(
        "CREATE TRIGGER invoice_is_final BEFORE UPDATE ON invoice "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_invoice()"
    )


def _refuse_on_sqlite() -> None:
    for table in (*APPEND_ONLY, "invoice"):
        for change in ("UPDATE", "DELETE"):
            when = f"WHEN {_changes('invoice')} " if (table, change) == ("invoice", "UPDATE") else ""
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def _changes(table: str) -> str:
    fixed: Sequence[str] = [
        column["name"] for column in sa.inspect(op.get_bind()).get_columns(table) if column["name"] not in MUTABLE
    ]
    return " OR ".join(["OLD.state = 'void'", *(f"NEW.{name} IS NOT OLD.{name}" for name in fixed)])
