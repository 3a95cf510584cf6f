"""A price plan: what each meter costs. A version of a plan never changes; another price is another version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from accounts.billing.money import MOST_DIGITS, ZERO, checked_currency, payable, plain, plain_unit
from api.errors import InvalidArgument

Model = Literal["graduated", "volume"]

MOST_PRICE_DECIMALS = 12
MOST_TIERS = 20
MOST_UNITS = 2**53


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including the number `up_to`, counted behind the included ones; None for all that follow."""

    up_to: int | None
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What one meter costs.

    Attributes:
        meter: What is counted.
        included: Units of each month that cost nothing, and that tiers do not count.
        model: `graduated`: each unit at the price of the tier it lies in. `volume`: all units at the price of the tier
            that their number reaches, so that the sum may fall where a tier begins.
        tiers: In rising order; the last one has no end.
    """

    meter: str
    tiers: tuple[Tier, ...]
    included: int = 0
    model: Model = "graduated"


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan.

    Attributes:
        prices: By meter. What has no price is counted, shown and free.
        minimum: What a month costs at least, before credits and tax.
    """

    id: str
    version: int
    name: str
    currency: str
    prices: Mapping[str, Price]
    minimum: Decimal = ZERO

    def __str__(self) -> str:
        return f"{self.id} v{self.version}"

    @property
    def charges(self) -> bool:
        """Whether anything costs something under it; if not, its currency is nobody's concern."""
        return bool(self.prices) or self.minimum > 0

    @property
    def goes_by_month(self) -> bool:
        """Whether what a unit costs hangs on all of a month: by tiers, or by a minimum that it counts towards."""
        return self.minimum > 0 or any(len(price.tiers) > 1 for price in self.prices.values())


def checked(plan: Plan) -> Plan:
    """Return a plan whose prices make sense.

    Raises:
        InvalidArgument: they do not.
    """
    checked_currency(plan.currency)
    if plan.minimum < 0:
        raise InvalidArgument("the minimum of a plan is not below 0")
    payable(plan.minimum, plan.currency)
    for price in plan.prices.values():
        _check_price(price)
    return plan


def _check_price(price: Price) -> None:
    what = f"the price of '{price.meter}'"
    if not 0 <= price.included <= MOST_UNITS:
        raise InvalidArgument(f"{what} includes 0 to {MOST_UNITS} units")
    if not 1 <= len(price.tiers) <= MOST_TIERS:
        raise InvalidArgument(f"{what} has 1 to {MOST_TIERS} tiers")
    *bounded, last = price.tiers
    if last.up_to is not None:
        raise InvalidArgument(f"{what} ends at {last.up_to} units; leave 'up_to' out of the last tier")
    before = 0
    for tier in bounded:
        if tier.up_to is None or not before < tier.up_to <= MOST_UNITS:
            raise InvalidArgument(f"{what} has tiers whose 'up_to' do not rise, or are over {MOST_UNITS}")
        before = tier.up_to
    for tier in price.tiers:
        check_unit_price(tier.unit_price, what)


def check_unit_price(unit_price: Decimal, what: str) -> None:
    """Check the price of one unit.

    Raises:
        InvalidArgument: it is negative, or has more digits than are reckoned with.
    """
    _, digits, exponent = unit_price.as_tuple()
    fine = (
        isinstance(exponent, int) and exponent >= -MOST_PRICE_DECIMALS and len(digits) + max(exponent, 0) <= MOST_DIGITS
    )
    if not fine or unit_price < 0:
        raise InvalidArgument(f"{what} is not below 0, with at most {MOST_PRICE_DECIMALS} decimals")


def to_json(plan: Plan) -> str:
    """Return a plan's prices as text; money as strings, so that no reader makes a float of it."""
    prices = [
        {
            "meter": price.meter,
            "included": price.included,
            "model": price.model,
            "tiers": [{"up_to": tier.up_to, "unit_price": plain_unit(tier.unit_price)} for tier in price.tiers],
        }
        for price in plan.prices.values()
    ]
    return json.dumps({"minimum": plain(plan.minimum), "prices": prices}, separators=(",", ":"))


def from_json(id: str, version: int, name: str, currency: str, text: str) -> Plan:
    """Return the plan that `to_json` wrote.

    Raises:
        InvalidArgument: the text is not one.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        prices = [_price(each) for each in said["prices"]]
        minimum = Decimal(said["minimum"])
    except (KeyError, TypeError, ValueError, InvalidOperation) as reason:
        raise InvalidArgument(f"the prices of plan '{id}' cannot be read") from reason
    return checked(Plan(id, version, name, currency, {price.meter: price for price in prices}, minimum))


def _price(said: Mapping[str, Any]) -> Price:
    tiers = tuple(Tier(tier["up_to"], Decimal(tier["unit_price"])) for tier in said["tiers"])
    return Price(said["meter"], tiers, said["included"], said["model"])
