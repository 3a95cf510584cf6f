"""`tidings billing`: plans, credits and invoices, for whoever operates the installation."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from accounts.audit import SYSTEM
from accounts.component import Accounts
from accounts.invoices.schemas import InvoiceInfo
from accounts.pricing.schemas import NewPlan, PlanInfo
from accounts.pricing.service import When
from accounts.rest.faults import in_words
from cli.commands.accounts_access import data_option, database_option, show, with_accounts
from cli.commands.verbs import Verbs

WHEN: dict[str, When] = {"now": "now", "next-month": "next_month"}


class _Amount(click.ParamType[Decimal]):
    """An amount of money; a float would change it."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:  # noqa: ANN401 - click's own type
        try:
            return Decimal(value)
        except InvalidOperation:
            self.fail(f"'{value}' is no number", param, ctx)


AMOUNT = _Amount()


@click.group(cls=Verbs)
def billing() -> None:
    """Make plans, give credits, and settle invoices."""


def _do(data: Path, database_url: str, work: Callable[[Accounts], Awaitable[dict[str, object]]]) -> None:
    show(with_accounts(data, work, database_url), as_json=True)


@billing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@database_option
def plan(file: Path, data: Path, database_url: str) -> None:
    """Make a version of a price plan from FILE, as docs/billing.md has one."""
    try:
        body = NewPlan.model_validate_json(file.read_bytes())
    except ValidationError as reason:
        problems = [
            f"  {'.'.join(map(str, each['loc']))}: {in_words(each)}".replace("  : ", "  ") for each in reason.errors()
        ]
        raise click.ClickException("\n".join(["the plan cannot be read", *problems])) from reason

    async def make(accounts: Accounts) -> dict[str, object]:
        return PlanInfo.of(await accounts.finance.pricing.make(SYSTEM, body.plan(), public=body.public)).model_dump()

    _do(data, database_url, make)


@billing.command()
@click.argument("email")
@click.argument("plan_id")
@click.option("--version", type=click.IntRange(min=1), help="Which version. [default: the newest]")
@click.option("--when", type=click.Choice(list(WHEN)), default="now", show_default=True, help="From when on.")
@data_option
@database_option
def assign(email: str, plan_id: str, version: int | None, when: str, data: Path, database_url: str) -> None:
    """Give the account of EMAIL the plan PLAN_ID."""

    async def give(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        given = await accounts.finance.pricing.assign(account_id, SYSTEM, plan_id, version, WHEN[when], any_plan=True)
        return {"plan_id": given.plan.id, "version": given.plan.version, "since_epoch_seconds": given.since}

    _do(data, database_url, give)


@billing.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=AMOUNT)
@click.argument("currency")
@click.option("--reason", required=True, help="Stands on invoices.")
@data_option
@database_option
def credit(email: str, amount: Decimal, currency: str, reason: str, data: Path, database_url: str) -> None:
    """Give the account of EMAIL a credit, which its next invoices use up."""

    async def grant(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        return {"credit_id": (await accounts.finance.balances.grant(account_id, SYSTEM, currency, amount, reason)).id}

    _do(data, database_url, grant)


@billing.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=AMOUNT)
@click.argument("currency")
@click.option("--reason", required=True, help="Stands on the invoice.")
@data_option
@database_option
def adjust(email: str, amount: Decimal, currency: str, reason: str, data: Path, database_url: str) -> None:
    """Put an amount on the next invoice of EMAIL's account.

    A negative one is for the customer.
    """

    async def put(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        row = await accounts.finance.balances.adjust(account_id, SYSTEM, currency, amount, reason)
        return {"adjustment_id": row.id}

    _do(data, database_url, put)


@billing.command()
@click.argument("email")
@click.argument("rate", type=AMOUNT)
@click.option("--name", default="Tax", show_default=True, help="What it is called.")
@data_option
@database_option
def tax(email: str, rate: Decimal, name: str, data: Path, database_url: str) -> None:
    """Have invoices of EMAIL's account bear a tax of RATE, such as 0.20."""
    if not 0 <= rate <= 1:
        raise click.ClickException("a rate is from 0 to 1, such as 0.20")

    async def change(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        await accounts.finance.profiles.change(account_id, SYSTEM, {"tax_rate": rate, "tax_name": name})
        return {"account_id": account_id, "tax_rate": str(rate), "tax_name": name}

    _do(data, database_url, change)


@billing.command()
@click.argument("invoice_id")
@click.option("--reference", default="", help="Of the payment.")
@data_option
@database_option
def pay(invoice_id: str, reference: str, data: Path, database_url: str) -> None:
    """Note that an invoice was paid."""

    async def note(accounts: Accounts) -> dict[str, object]:
        invoices = accounts.finance.invoices
        paid = await invoices.pay(invoice_id, SYSTEM, reference)
        return InvoiceInfo.of(paid, invoices.shown_number(paid)).model_dump()

    _do(data, database_url, note)


@billing.command()
@click.argument("invoice_id")
@click.option("--reason", required=True, help="Stands on the credit note.")
@click.option("--bill-again", is_flag=True, help="Its usage goes to the next invoice.")
@data_option
@database_option
def void(invoice_id: str, reason: str, data: Path, database_url: str, *, bill_again: bool) -> None:
    """Make an invoice void by a credit note."""

    async def note(accounts: Accounts) -> dict[str, object]:
        invoices = accounts.finance.invoices
        made = await invoices.void(invoice_id, SYSTEM, reason, bill_again=bill_again)
        return InvoiceInfo.of(made, invoices.shown_number(made)).model_dump()

    _do(data, database_url, note)


@billing.command()
@click.argument("email")
@click.argument("now", type=int)
@data_option
@database_option
def clock(email: str, now: int, data: Path, database_url: str) -> None:
    """Turn the test clock of EMAIL's account to NOW, in epoch seconds, or give it one."""

    async def turn(accounts: Accounts) -> dict[str, object]:
        made = await accounts.finance.test_clocks.turn(await accounts.users.account_of(email), SYSTEM, now)
        return {"now": now, "invoices": [invoice.id for invoice in made]}

    _do(data, database_url, turn)


@billing.command()
@click.argument("email")
@click.argument("customer_id")
@data_option
@database_option
def customer(email: str, customer_id: str, data: Path, database_url: str) -> None:
    """Say which customer of the payment provider EMAIL's account is."""

    async def link(accounts: Accounts) -> dict[str, object]:
        row = await accounts.finance.payments.link(await accounts.users.account_of(email), SYSTEM, customer_id)
        return {"provider": row.provider, "customer_id": row.customer_id}

    _do(data, database_url, link)
