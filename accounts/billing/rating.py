"""What usage costs under a plan: quantities by tier, shared out among the caches that used them.

Nothing here divides money. A part of a month shrinks the included units and the bounds of tiers, which are whole units;
an amount is a whole number of units times a price, so it is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accounts.billing.money import ZERO, part_of, times, total
from accounts.billing.plan import Plan, Price

INCLUDED = 0
"""The number of the tier that costs nothing; the tiers of a price count from 1."""

MINIMUM = "minimum"
"""Stands where a charge has a meter, for what is missing to a plan's minimum."""

WHOLE = Fraction(1)

Usage = Mapping[tuple[str, str], int]
"""Units by cache id and meter."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a month under one version of a plan.

    Attributes:
        start: Epoch seconds.
        end: Epoch seconds, where the next part begins.
        share: Of the month, for included units and the bounds of tiers.
        minimum_share: Of the month, for the minimum.
    """

    plan: Plan
    start: int
    end: int
    share: Fraction = WHOLE
    minimum_share: Fraction = WHOLE


@dataclass(frozen=True, slots=True)
class ChargeKey:
    """What a quantity is charged for. Two charges with the same key are one."""

    part_start: int
    part_end: int
    plan_id: str
    plan_version: int
    meter: str
    tier: int
    unit_price: Decimal
    cache_id: str


Charges = Mapping[ChargeKey, int]
"""Quantities by what they are charged for; negative ones take back what was charged before."""


@dataclass(frozen=True, slots=True)
class TierUse:
    """So many units at one price."""

    tier: int
    unit_price: Decimal
    quantity: int


def charge_amount(key: ChargeKey, quantity: int) -> Decimal:
    """Return the exact amount of a charge."""
    return times(quantity, key.unit_price)


def amount_of(charges: Charges) -> Decimal:
    """Return the exact sum of charges."""
    return total(charge_amount(key, quantity) for key, quantity in charges.items())


def tier_uses(price: Price, quantity: int, share: Fraction = WHOLE) -> list[TierUse]:
    """Split units of one meter into those included and those of each tier; the quantities add up to `quantity`."""
    included = min(quantity, part_of_units(price.included, share))
    uses = [TierUse(INCLUDED, ZERO, included)] if included else []
    billable = quantity - included
    if not billable:
        return uses
    bounds = [None if tier.up_to is None else part_of_units(tier.up_to, share) for tier in price.tiers]
    if price.model == "volume":
        reached = next(n for n, bound in enumerate(bounds) if bound is None or billable <= bound)
        return [*uses, TierUse(reached + 1, price.tiers[reached].unit_price, billable)]
    start = 0
    for number, (tier, bound) in enumerate(zip(price.tiers, bounds, strict=True), 1):
        end = billable if bound is None else min(billable, bound)
        if end > start:
            uses.append(TierUse(number, tier.unit_price, end - start))
            start = end
    return uses


def part_of_units(units: int, share: Fraction) -> int:
    """Return a part of a number of units, rounded up to a whole one."""
    return -(-units * share.numerator // share.denominator)


def rate(part: Part, usage: Usage) -> dict[ChargeKey, int]:
    """Return what usage within one part is charged; meters that the plan does not price are not in it."""
    charges: dict[ChargeKey, int] = {}
    for meter, price in part.plan.prices.items():
        of_caches = {cache: units for (cache, used), units in usage.items() if used == meter and units > 0}
        uses = tier_uses(price, sum(of_caches.values()), part.share)
        for use, shares in zip(uses, shared_out(uses, of_caches), strict=True):
            for cache, units in shares.items():
                charges[_key(part, meter, use.tier, use.unit_price, cache)] = units
    plan = part.plan
    missing = total([minimum_of(part), -amount_of(charges)])
    if plan.minimum and missing > 0:
        charges[_key(part, MINIMUM, 1, missing, "")] = 1
    return charges


def minimum_of(part: Part) -> Decimal:
    """Return what the part costs at least."""
    share = part.minimum_share
    return part_of(part.plan.minimum, share.numerator, share.denominator, part.plan.currency)


def rate_all(parts: Iterable[tuple[Part, Usage]]) -> dict[ChargeKey, int]:
    """Return what all parts of a month are charged."""
    return {key: units for part, usage in parts for key, units in rate(part, usage).items()}


def difference(now: Charges, before: Charges) -> dict[ChargeKey, int]:
    """Return the charges that turn `before` into `now`; empty where they are the same."""
    changed = {key: now.get(key, 0) - before.get(key, 0) for key in {**before, **now}}
    return {key: units for key, units in changed.items() if units}


def shared_out(uses: Sequence[TierUse], of_caches: Mapping[str, int]) -> list[dict[str, int]]:
    """Share the units of each tier among caches in proportion to what each used, in whole units.

    Every tier's shares add up to the tier, and every cache's to what it used: the shares of a tier are taken from what
    earlier tiers left, whole units first, and the rest goes to the largest remainders, then to the lower cache id.
    """
    left = dict(of_caches)
    result: list[dict[str, int]] = []
    for use in uses:
        available = sum(left.values())
        exact = {cache: divmod(use.quantity * units, available) for cache, units in left.items()}
        shares = {cache: whole for cache, (whole, _) in exact.items()}
        odd = use.quantity - sum(shares.values())
        for cache in sorted(exact, key=lambda cache: (-exact[cache][1], cache))[:odd]:
            shares[cache] += 1
        for cache, units in shares.items():
            left[cache] -= units
        result.append({cache: units for cache, units in sorted(shares.items()) if units})
    return result


def _key(part: Part, meter: str, tier: int, unit_price: Decimal, cache: str) -> ChargeKey:
    plan = part.plan
    return ChargeKey(part.start, part.end, plan.id, plan.version, meter, tier, unit_price, cache)
