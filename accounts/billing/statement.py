"""The lines of an invoice, which add up to its total.

Each line is rounded to what its currency can be paid in, and the subtotal is the exact sum, rounded once; the
difference is a line of its own. What follows, credits and tax, is reckoned from the rounded subtotal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from accounts.billing.money import ZERO, rounded, times, total
from accounts.billing.periods import Period
from accounts.billing.rating import MINIMUM, ChargeKey, Charges, charge_amount

Kind = Literal["usage", "minimum", "correction", "adjustment", "rounding", "credit", "tax", "carried"]


@dataclass(frozen=True, slots=True)
class Correction:
    """Usage of a month that was invoiced already, which became known, or was found to be wrong, later."""

    period: Period
    charges: Charges


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An amount that somebody put on the next invoice, with a reason; a negative one is for the customer."""

    id: str
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that the customer has here; used up before anything is to be paid, the oldest first."""

    id: str
    left: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Tax:
    """A rate such as 0.20, and what it is called."""

    rate: Decimal = ZERO
    name: str = "Tax"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of an invoice.

    Attributes:
        exact: The amount before it was rounded.
        amount: What the line counts, in the decimals of the currency.
        source_id: The adjustment or the credit that it is from.
        shares: The quantity of each cache, where the line is for usage.
    """

    kind: Kind
    exact: Decimal
    amount: Decimal
    period: Period
    part_start: int = 0
    part_end: int = 0
    plan_id: str = ""
    plan_version: int = 0
    meter: str = ""
    tier: int = 0
    quantity: int = 1
    unit_price: Decimal | None = None
    reason: str = ""
    source_id: str = ""
    shares: Mapping[ChargeKey, int] = field(default_factory=dict[ChargeKey, int])


@dataclass(frozen=True, slots=True)
class Statement:
    """An invoice in figures.

    Attributes:
        subtotal: Charges, corrections and adjustments together.
        total: What is to be paid; never below zero.
        carried: What is the customer's after this invoice because the subtotal was below zero.
    """

    currency: str
    lines: Sequence[Line]
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    carried: Decimal


def state(
    period: Period,
    currency: str,
    charges: Charges,
    corrections: Iterable[Correction] = (),
    adjustments: Iterable[Adjustment] = (),
    credits_left: Iterable[Credit] = (),
    tax: Tax = Tax(),
) -> Statement:
    """Return the lines of one invoice and their sums."""
    lines = _charge_lines(period, currency, charges, is_correction=False)
    for correction in corrections:
        lines += _charge_lines(correction.period, currency, correction.charges, is_correction=True)
    for each in adjustments:
        amount = rounded(each.amount, currency)
        lines.append(Line("adjustment", amount, amount, period, reason=each.reason, source_id=each.id))
    subtotal = rounded(total(line.exact for line in lines), currency)
    remainder = total([subtotal, *(-line.amount for line in lines)])
    if remainder:
        lines.append(Line("rounding", remainder, remainder, period, reason="the sum of all lines before rounding"))
    lines += _credit_lines(period, subtotal, credits_left)
    to_tax = max(total([subtotal, *(line.amount for line in lines if line.kind == "credit")]), rounded(ZERO, currency))
    taxed = rounded(times(to_tax, tax.rate), currency)
    if tax.rate:
        lines.append(Line("tax", times(to_tax, tax.rate), taxed, period, unit_price=tax.rate, reason=tax.name))
    carried = max(-subtotal, rounded(ZERO, currency))
    if carried:
        lines.append(Line("carried", carried, carried, period, reason="goes to the next invoice as a credit"))
    return Statement(currency, lines, subtotal, taxed, total([to_tax, taxed]), carried)


def _charge_lines(period: Period, currency: str, charges: Charges, *, is_correction: bool) -> list[Line]:
    grouped: dict[ChargeKey, dict[ChargeKey, int]] = {}
    for key, quantity in charges.items():
        grouped.setdefault(_of_all_caches(key), {})[key] = quantity
    lines: list[Line] = []
    for key in sorted(grouped, key=lambda k: (k.part_start, k.meter == MINIMUM, k.meter, k.tier, k.unit_price)):
        quantity = sum(grouped[key].values())
        exact = charge_amount(key, quantity)
        lines.append(
            Line(
                "correction" if is_correction else "minimum" if key.meter == MINIMUM else "usage",
                exact,
                rounded(exact, currency),
                period,
                key.part_start,
                key.part_end,
                key.plan_id,
                key.plan_version,
                key.meter,
                key.tier,
                quantity,
                key.unit_price,
                shares=grouped[key],
            )
        )
    return lines


def _of_all_caches(key: ChargeKey) -> ChargeKey:
    return ChargeKey(
        key.part_start, key.part_end, key.plan_id, key.plan_version, key.meter, key.tier, key.unit_price, ""
    )


def _credit_lines(period: Period, subtotal: Decimal, credits_left: Iterable[Credit]) -> list[Line]:
    lines: list[Line] = []
    to_pay = subtotal
    for credit in credits_left:
        used = min(credit.left, to_pay)
        if used > 0:
            lines.append(Line("credit", -used, -used, period, reason=credit.reason, source_id=credit.id))
            to_pay = total([to_pay, -used])
    return lines
