"""What a month will have cost at its end, if it goes on as in the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.billing.money import rounded
from accounts.billing.periods import Period, currency_of
from accounts.billing.rating import Part, Usage, amount_of, rate_all
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.invoices.reckoning import Reckoning, billable
from accounts.pricing.service import Pricing
from accounts.usage.scope import Scope
from accounts.usage.service import Usage as Metered

WINDOW_SECONDS = 7 * 86400
"""The pace of so long a time is taken, or of the month so far where that is less."""

SHORTEST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, before adjustments, credits and tax.

    Attributes:
        spent: So far, with the part of a minimum that is missing.
        expected: At the end of the month.
        units: By billable meter: used so far, and expected at the end.
        window_seconds: Whose pace was taken.
    """

    period: Period
    now: int
    currency: str
    spent: Decimal
    expected: Decimal
    units: Mapping[str, tuple[int, int]]
    window_seconds: int


class Forecasts:
    """Reckons forecasts."""

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, reckoning: Reckoning, usage: Metered
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._reckoning = reckoning
        self._usage = usage

    async def month(self, account_id: str) -> Forecast:
        """Return the forecast of the month that runs.

        Raises:
            NotFound: there is no such account.
        """
        async with self._database.reading() as session:
            customer = await self._pricing.customer(session, account_id)
            now = await self._clocks.now(session, account_id)
            period = await self._pricing.period_at(session, customer, now)
            parts = await self._reckoning.parts(session, customer, period)
            used = [await self._reckoning.used(session, account_id, part) for part in parts]
            begins = max(period.start, customer.profile.begins_at, now - WINDOW_SECONDS)
            window = max(now - begins, SHORTEST_SECONDS)
            pace = await self._used(session, account_id, now - window, now)
        expected = [
            _expected(units, pace, max(part.end - max(part.start, now), 0), window)
            for part, units in zip(parts, used, strict=True)
        ]
        currency = currency_of(part.plan for part in parts)
        begun = [(part, units) for part, units in zip(parts, used, strict=True) if part.start <= now]
        return Forecast(
            period,
            now,
            currency,
            rounded(amount_of(rate_all(begun)), currency),
            rounded(amount_of(rate_all(zip(parts, expected, strict=True))), currency),
            _by_meter(parts, used, expected),
            window,
        )

    async def _used(self, session: Transaction, account_id: str, start: int, end: int) -> Usage:
        found = await self._usage.totals(session, Scope(account_id), start // 60, end // 60 + 1)
        return billable({("", each.meter): each.counts for each in found})


def _expected(used: Usage, pace: Usage, seconds: int, window: int) -> Usage:
    """Return usage after so many more seconds at a pace; what comes is for no cache in particular."""
    expected = dict(used)
    for (_, meter), units in pace.items():
        more = units * seconds // window
        if more:
            expected["", meter] = expected.get(("", meter), 0) + more
    return expected


def _by_meter(parts: Sequence[Part], used: Sequence[Usage], expected: Sequence[Usage]) -> Mapping[str, tuple[int, int]]:
    meters = sorted({meter for part in parts for meter in part.plan.prices})

    def total(some: Sequence[Usage], meter: str) -> int:
        return sum(units for usage in some for (_, name), units in usage.items() if name == meter)

    return {meter: (total(used, meter), total(expected, meter)) for meter in meters}
