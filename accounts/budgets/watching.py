"""Looks what was spent, whenever usage has come, and does what budgets say.

What is near or over a budget is told once a month and percentage. What its mode forbids is in the account's snapshot,
and so at every router within a second.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts import audit
from accounts.audit import SYSTEM
from accounts.billing.money import ZERO, plain, rounded, times, total
from accounts.budgets import repository
from accounts.budgets.models import Budget
from accounts.budgets.notices import Notices
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.invoices.spending import By, Spending
from accounts.pricing.service import Customer, Pricing
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from api.tasks import Repeated

IDLE_SECONDS = 60.0
LOOK_SECONDS = 0.5
"""How often an account is looked at that uses something all the time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Spent:
    """What an account has spent; `currency` is None where nothing is charged in the month so far."""

    period_start: int
    currency: str | None
    by: Mapping[By, Mapping[str, Decimal]]

    def counts_for(self, row: Budget) -> bool:
        """Whether a budget can be compared with this."""
        return self.currency in (None, row.currency)

    def of(self, row: Budget) -> Decimal:
        """Return what a budget is compared with."""
        if not self.counts_for(row):
            return ZERO
        amounts = self.by[_by(row)]
        names = [name for name in (row.cache_id, row.principal) if name is not None]
        return amounts.get("\0".join(names), ZERO) if names else total(amounts.values())


class Watch:
    """Compares what accounts spend with their budgets."""

    def __init__(
        self,
        database: Database,
        clocks: Clocks,
        pricing: Pricing,
        spending: Spending,
        snapshots: Snapshots,
        notices: Notices,
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._spending = spending
        self._snapshots = snapshots
        self._notices = notices
        self._touched: set[str] = set()
        self._repeated = Repeated(self._look_at_touched)

    def touch(self, account_ids: Collection[str]) -> None:
        """Have these accounts looked at soon: they have used something."""
        self._touched.update(account_ids)
        self._repeated.wake()

    async def start(self) -> None:
        """Begin to look."""
        self._repeated.start()

    async def close(self) -> None:
        """Stop."""
        await self._repeated.close()

    async def look_at_all(self) -> str:
        """Look at every account with a budget: a month may have begun, or a service died before it looked."""
        async with self._database.reading() as session:
            accounts = await repository.accounts_with(session)
        looked = [await self.look(account_id) for account_id in accounts]
        of_no_use = sum(spent is None for each in looked for spent in each.values())
        more = f", {of_no_use} budgets in another currency than the plan" if of_no_use else ""
        return f"{len(accounts)} accounts with budgets{more}"

    async def look(self, account_id: str, *, is_changed: bool = False) -> Mapping[str, Decimal | None]:
        """Compare an account's spending with its budgets, do what they say, and return what was spent by budget id.

        That is None for a budget in another currency than what the account is charged in.
        With `is_changed`, whoever changed a budget has touched its account, and routers are told of that in any case.

        Raises:
            NotFound: there is no such account.
        """
        async with self._database.reading() as session:
            customer = await self._pricing.customer(session, account_id)
            rows = await repository.of_account(session, account_id)
            spent = await self._spent(session, customer, rows) if rows else None
        news = {row.id for row in rows if spent is not None and _is_news(row, spent)}
        if news:
            is_changed |= await self._act(account_id, news)
        if is_changed:
            await self._snapshots.publish(account_id)
        return {} if spent is None else {row.id: spent.of(row) if spent.counts_for(row) else None for row in rows}

    async def _act(self, account_id: str, news: Collection[str]) -> bool:
        """Do what these budgets say; return whether routers must know.

        What was spent is read once more, behind the lock: who waited for it must not undo what others did who saw more.
        Nobody else changes anything meanwhile on SQLite, so what other budgets are compared with is not read.
        """
        is_changed = False
        async with self._database.transaction() as session:
            customer = await self._pricing.customer_alone(session, account_id)
            rows = [row for row in await repository.of_account(session, account_id) if row.id in news]
            spent = await self._spent(session, customer, rows)
            for row in rows:
                is_changed |= await self._compare(session, customer, row, spent)
            if is_changed:
                await tenants.touch(session, account_id)
        return is_changed

    async def _look_at_touched(self) -> float:
        touched, self._touched = self._touched, set()
        if not touched:
            return IDLE_SECONDS
        try:
            async with self._database.reading() as session:
                accounts = await repository.accounts_with(session, touched)
            for account_id in accounts:
                await self.look(account_id)
        except Exception:  # noqa: BLE001 - the job that looks at everybody will do it
            _log.exception("budgets could not be looked at")
        await asyncio.sleep(LOOK_SECONDS)
        return 0 if self._touched else IDLE_SECONDS

    async def _spent(self, session: Transaction, customer: Customer, rows: Sequence[Budget]) -> _Spent:
        now = await self._clocks.now(session, customer.account_id)
        period = await self._pricing.period_at(session, customer, now)
        wanted: set[By] = {_by(row) for row in rows}
        charged = await self._pricing.currencies(session, customer, period.start, now + 1)
        by: dict[By, Mapping[str, Decimal]] = {
            each: await self._spending.by(session, customer, period, now, each) for each in wanted
        }
        return _Spent(period.start, charged[0] if charged else None, by)

    async def _compare(self, session: Transaction, customer: Customer, row: Budget, spent: _Spent) -> bool:
        """Take what was spent into a budget; return whether routers must know."""
        if row.period_start != spent.period_start:
            row.period_start, row.alerted = spent.period_start, 0
        row.spent = spent.of(row)
        reached = _highest(row, row.spent)
        if reached > row.alerted:
            row.alerted = reached
            await self._notices.threshold(session, customer, row, reached)
        was, row.in_force = row.in_force, _holds(row, row.spent)
        if was != row.in_force:
            action = "budget.enforced" if row.in_force else "budget.lifted"
            after = {"spent": plain(rounded(row.spent, row.currency)), "mode": row.mode, "name": row.name}
            audit.record(session, SYSTEM, row.account_id, action, row.id, after=after)
        return was != row.in_force


def _by(row: Budget) -> By:
    """Return by what an account's spending is told apart to compare a budget with it."""
    if row.principal is None:
        return "cache"
    return "principal" if row.cache_id is None else "cache and principal"


def _is_news(row: Budget, spent: _Spent) -> bool:
    amount = spent.of(row)
    is_alert = _highest(row, amount) > row.alerted
    return row.period_start != spent.period_start or is_alert or row.in_force != _holds(row, amount)


def _highest(row: Budget, spent: Decimal) -> int:
    """Return the highest percentage to tell that is reached; 0 for none."""
    alerts = (int(percent) for percent in row.alerts.split(",") if percent)
    return max((percent for percent in alerts if _reaches(row, spent, percent)), default=0)


def _holds(row: Budget, spent: Decimal) -> bool:
    return row.mode != "warn" and _reaches(row, spent, 100)


def _reaches(row: Budget, spent: Decimal, percent: int) -> bool:
    return times(100, spent) >= times(percent, row.amount)
