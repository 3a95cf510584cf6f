"""What an account has spent in a month so far, by cache or by who used it: usage at its prices, before all else."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from accounts.billing.money import total
from accounts.billing.periods import Period
from accounts.billing.rating import MINIMUM, ChargeKey, Part, Usage, charge_amount, rate_all
from accounts.database import Transaction
from accounts.invoices.reckoning import Reckoning, billable
from accounts.pricing.service import Customer
from accounts.usage.repository import Counts
from accounts.usage.scope import Dimension, Scope
from accounts.usage.service import Usage as Metered

By = Literal["cache", "principal", "cache and principal"]

_DIMENSIONS: Mapping[By, tuple[Dimension, ...]] = {
    "cache": ("cache",),
    "principal": ("principal",),
    "cache and principal": ("cache", "principal"),
}


class Spending:
    """Shares out what an account's usage costs."""

    def __init__(self, reckoning: Reckoning, usage: Metered) -> None:
        self._reckoning = reckoning
        self._usage = usage

    async def by(
        self, session: Transaction, customer: Customer, period: Period, now: int, by: By
    ) -> Mapping[str, Decimal]:
        """Return the exact amount of each cache id, or principal, or both with a zero byte between them.

        The minimum of a plan is not in it: it is nobody's.
        """
        charges = await self.charges(session, customer, period, now, by)
        amounts: dict[str, list[Decimal]] = {}
        for key, quantity in charges.items():
            if key.meter != MINIMUM:
                amounts.setdefault(key.cache_id, []).append(charge_amount(key, quantity))
        return {name: total(each) for name, each in amounts.items()}

    async def charges(
        self, session: Transaction, customer: Customer, period: Period, now: int, by: By
    ) -> dict[ChargeKey, int]:
        """Return the charges of a month so far, whose caches are what `by` says."""
        parts = [part for part in await self._reckoning.parts(session, customer, period) if part.start <= now]
        return rate_all([(part, await self._used(session, customer.account_id, part, by)) for part in parts])

    async def _used(self, session: Transaction, account_id: str, part: Part, by: By) -> Usage:
        dimensions = _DIMENSIONS[by]
        start, end = part.start // 60, part.end // 60
        found = await self._usage.totals(session, Scope(account_id, by=dimensions), start, end)
        counted: dict[tuple[str, str], Counts] = {}
        for each in found:
            names = {"cache": each.cache_id, "principal": each.principal}
            counted["\0".join(names[dimension] for dimension in dimensions), each.meter] = each.counts
        return billable(counted)
