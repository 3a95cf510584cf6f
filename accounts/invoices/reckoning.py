"""Reckons what an account owes for a month, from what it has used, without writing anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts.balances import repository as balances
from accounts.balances.models import Adjustment, Credit
from accounts.billing import statement as billing
from accounts.billing.meters import METERS
from accounts.billing.periods import Period, currency_of, parts_of, until
from accounts.billing.rating import Charges, Part, Usage, difference, rate_all
from accounts.billing.statement import Correction, Statement, Tax, state
from accounts.database import Transaction
from accounts.invoices import repository
from accounts.pricing import repository as pricing_rows
from accounts.pricing.service import Customer, Pricing
from accounts.usage.repository import Counts
from accounts.usage.scope import Scope
from accounts.usage.service import Usage as Metered

CORRECTED_SECONDS = 65 * 86400
"""Months that ended longer ago are not looked at again: a router's usage is believed for 35 days, so what comes in a
month is of the one before it, or of the last days of that before. Sums by hour are kept for longer:
`cli.variables.retention`."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """An invoice that could be made, and what it would use up."""

    statement: Statement
    adjustments: Sequence[Adjustment] = ()
    credits: Sequence[Credit] = field(default=())


class Reckoning:
    """Puts usage, plans and balances together."""

    def __init__(self, pricing: Pricing, usage: Metered) -> None:
        self._pricing = pricing
        self._usage = usage

    async def month(self, session: Transaction, customer: Customer, period: Period, now: int) -> Sequence[Reckoned]:
        """Return the invoices of a month, with the parts of it that have begun; none where there is nothing to tell.

        There is more than one where usage of an earlier month, in another currency, has become known.
        """
        parts = await self.parts(session, customer, period)
        corrections = await self._corrections(session, customer, period.start)
        adjustments = await balances.adjustments_open(session, customer.account_id)
        currency = currency_of(part.plan for part in parts)
        charges: dict[str, Charges] = {currency: await self.charges(session, customer.account_id, parts, now)}
        result: list[Reckoned] = []
        for each in dict.fromkeys([currency, *corrections, *(row.currency for row in adjustments)]):
            own = [row for row in adjustments if row.currency == each]
            left = await balances.credits_left(session, customer.account_id, each)
            made = state(
                until(period, customer.ends_at),
                each,
                charges.get(each, {}),
                corrections.get(each, ()),
                [billing.Adjustment(row.id, row.amount, row.reason) for row in own],
                [billing.Credit(row.id, row.left, row.reason) for row in left],
                Tax(customer.profile.tax_rate, customer.profile.tax_name),
            )
            if any(line.kind != "tax" for line in made.lines):
                result.append(Reckoned(made, own, left))
        return result

    async def corrected_since(self, session: Transaction, customer: Customer) -> int:
        """Return the epoch second after which months have to have ended to be looked at again by the next invoice."""
        return (await self._pricing.next_period(session, customer)).start - CORRECTED_SECONDS

    async def parts(self, session: Transaction, customer: Customer, period: Period) -> Sequence[Part]:
        """Return the parts of a month under each plan."""
        held = await self._pricing.held(session, customer)
        return parts_of(period, held, customer.profile.begins_at, customer.ends_at)

    async def charges(self, session: Transaction, account_id: str, parts: Sequence[Part], now: int) -> Charges:
        """Return what the usage of a month is charged, as far as its parts have begun."""
        begun = [part for part in parts if part.start <= now]
        return rate_all([(part, await self.used(session, account_id, part)) for part in begun])

    async def used(self, session: Transaction, account_id: str, part: Part) -> Usage:
        """Return what an account has used in a part of a month, by cache and billable meter."""
        scope = Scope(account_id, by=("cache",))
        found = await self._usage.totals(session, scope, part.start // 60, part.end // 60)
        return billable({(each.cache_id, each.meter): each.counts for each in found})

    async def _corrections(
        self, session: Transaction, customer: Customer, before: int
    ) -> Mapping[str, Sequence[Correction]]:
        result: dict[str, list[Correction]] = {}
        account_id = customer.account_id
        for row in await pricing_rows.closed_since(session, account_id, before - CORRECTED_SECONDS):
            period = Period(row.start, row.end, row.zone)
            parts = await self.parts(session, customer, period)
            now = await self.charges(session, account_id, parts, period.end)
            changed = difference(now, await repository.billed(session, account_id, period.start))
            if changed:
                result.setdefault(currency_of(part.plan for part in parts), []).append(Correction(period, changed))
        return result


def billable(counted: Mapping[tuple[str, str], Counts]) -> dict[tuple[str, str], int]:
    """Return the billable numbers of what was counted, by cache and billable meter."""
    return {
        (cache, name): units
        for (cache, usage_meter), counts in counted.items()
        for name, meter in METERS.items()
        if meter.usage == usage_meter and (units := int(getattr(counts, meter.measure)))
    }
