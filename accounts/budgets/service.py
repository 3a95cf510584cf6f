"""What can be done with budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.audit import Actor
from accounts.billing.money import ZERO, payable, plain
from accounts.budgets import repository
from accounts.budgets.models import Budget
from accounts.budgets.watching import Watch
from accounts.caches import repository as caches
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.pricing.service import Customer, Pricing
from accounts.tenants import repository as tenants
from api.errors import AlreadyExists, InvalidArgument, NotFound

MOST_BUDGETS = 100


@dataclass(frozen=True, slots=True)
class BudgetFields:
    """What a budget is.

    Attributes:
        name: No other budget of the account has it; refusals name it.
        amount: For each month, in the currency of the account's plan.
        cache: The name of a cache, or None for all.
        principal: See `api.usage.Line`; None for all.
        mode: `warn`, or what happens from 100 % on: `throttle`, `stop_publishing`, `stop`.
        publishes_per_second: What is let through when it throttles.
        alerts: Percentages at which people and webhooks are told.
    """

    name: str
    amount: Decimal
    mode: str = "warn"
    cache: str | None = None
    principal: str | None = None
    publishes_per_second: int = 1
    alerts: Sequence[int] = (50, 80, 100)


class Budgets:
    """The budgets of accounts."""

    def __init__(self, database: Database, clocks: Clocks, pricing: Pricing, watch: Watch) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._watch = watch

    async def list(self, account_id: str) -> Sequence[Budget]:
        """Return an account's budgets, the oldest first, as they stand at present."""
        spent = await self._watch.look(account_id)
        async with self._database.reading() as session:
            rows = await repository.of_account(session, account_id)
        for row in rows:
            if row.id in spent:
                row.is_counted = spent[row.id] is not None
                row.spent = spent[row.id] or ZERO
        return rows

    async def read(self, account_id: str, budget_id: str) -> Budget:
        """Return one budget as it stands at present.

        Raises:
            NotFound: the account has none with this id.
        """
        found = next((row for row in await self.list(account_id) if row.id == budget_id), None)
        if found is None:
            raise _no_budget(budget_id)
        return found

    async def make(self, account_id: str, actor: Actor, fields: BudgetFields) -> Budget:
        """Make a budget; it holds from now on, also for what was spent before in this month.

        Raises:
            InvalidArgument: the amount cannot be paid, or there are too many budgets; or the currency is to change.
            NotFound: there is no such cache.
            AlreadyExists: another budget has the name.
        """
        async with self._database.transaction() as session:
            customer = await self._pricing.customer_alone(session, account_id)
            there = await repository.of_account(session, account_id)
            if len(there) >= MOST_BUDGETS:
                raise InvalidArgument(f"the account has {MOST_BUDGETS} budgets, and no more; delete one")
            if fields.name in {row.name for row in there}:
                raise AlreadyExists(f"there is a budget '{fields.name}' already")
            now = await self._clocks.now(session, account_id)
            currency = await self._currency(session, customer, now)
            row = Budget(
                id=new_id("budget"),
                account_id=account_id,
                name=fields.name,
                currency=currency,
                amount=_checked_amount(fields.amount, currency),
                cache_id=await _cache_id(session, account_id, fields.cache),
                principal=fields.principal,
                mode=fields.mode,
                publishes_per_second=fields.publishes_per_second,
                alerts=",".join(str(percent) for percent in sorted(set(fields.alerts))),
                created_at=now,
                period_start=0,
                spent=Decimal(0),
                alerted=0,
                in_force=False,
            )
            repository.add(session, row)
            audit.record(session, actor, account_id, "budget.made", row.id, after=_audited(row))
            await tenants.touch(session, account_id)
        await self._watch.look(account_id, is_changed=True)
        return await self.read(account_id, row.id)

    async def _currency(self, session: Transaction, customer: Customer, now: int) -> str:
        period = await self._pricing.period_at(session, customer, now)
        charged = await self._pricing.currencies(session, customer, period.start)
        if len(charged) > 1:
            raise InvalidArgument(
                f"the account is to have a plan in {charged[1]} in place of {charged[0]}; make the budget after that"
            )
        return charged[0] if charged else (await self._pricing.held_at(session, customer, now)).currency

    async def change(
        self,
        account_id: str,
        actor: Actor,
        budget_id: str,
        *,
        amount: Decimal | None,
        mode: str | None,
        accept: Accept[Budget] = anything,
    ) -> Budget:
        """Change a budget's amount or mode; None leaves it. A higher amount lifts at once what it held back.

        Nothing is changed where `accept` raises at the sight of the budget.

        Raises:
            InvalidArgument: the amount cannot be paid.
            NotFound: the account has no such budget.
        """
        async with self._database.transaction() as session:
            await self._pricing.customer_alone(session, account_id)
            row = await _existing(session, account_id, budget_id)
            accept(row)
            before = _audited(row)
            if amount is not None:
                row.amount = _checked_amount(amount, row.currency)
                row.alerted = 0
            row.mode = mode or row.mode
            audit.record(session, actor, account_id, "budget.changed", row.id, before=before, after=_audited(row))
            await tenants.touch(session, account_id)
        await self._watch.look(account_id, is_changed=True)
        return await self.read(account_id, budget_id)

    async def remove(self, account_id: str, actor: Actor, budget_id: str, accept: Accept[Budget] = anything) -> None:
        """Delete a budget; what it held back goes on at once. See `change` for `accept`.

        Raises:
            NotFound: the account has no such budget.
        """
        async with self._database.transaction() as session:
            await self._pricing.customer_alone(session, account_id)
            row = await _existing(session, account_id, budget_id)
            accept(row)
            await repository.remove(session, row.id)
            audit.record(session, actor, account_id, "budget.deleted", row.id, before=_audited(row))
            await tenants.touch(session, account_id)
        await self._watch.look(account_id, is_changed=True)


async def _existing(session: Transaction, account_id: str, budget_id: str) -> Budget:
    row = await repository.get(session, account_id, budget_id)
    if row is None:
        raise _no_budget(budget_id)
    return row


def _no_budget(budget_id: str) -> NotFound:
    return NotFound(f"budget '{budget_id}' does not exist")


async def _cache_id(session: Transaction, account_id: str, name: str | None) -> str | None:
    if name is None:
        return None
    found = next((cache.id for cache in await caches.of_account(session, account_id) if cache.name == name), None)
    if found is None:
        raise NotFound(f"cache '{name}' does not exist")
    return found


def _checked_amount(amount: Decimal, currency: str) -> Decimal:
    checked = payable(amount, currency)
    if checked <= 0:
        raise InvalidArgument("a budget is above 0")
    return checked


def _audited(row: Budget) -> dict[str, object]:
    return {
        "name": row.name,
        "amount": plain(row.amount),
        "currency": row.currency,
        "cache_id": row.cache_id,
        "principal": row.principal,
        "mode": row.mode,
    }
