"""Rating: the laws that hold for every plan, and the bills that a person would reckon by hand."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accounts.billing.money import total
from accounts.billing.plan import Price
from accounts.billing.rating import (
    MINIMUM,
    Part,
    TierUse,
    Usage,
    amount_of,
    difference,
    minimum_of,
    part_of_units,
    rate,
    rate_all,
    shared_out,
    tier_uses,
)
from tests.unit.accounts.billing.plans import METERS, parts, plan, price, prices, quantities, shares, usages

PUBLISH, DELIVERY = "publish_operations", "delivery_operations"


def cost(of: Price, quantity: int, share: Fraction = Fraction(1)) -> Decimal:
    return total(use.quantity * use.unit_price for use in tier_uses(of, quantity, share))


def test_the_first_units_are_included_and_the_rest_goes_through_the_tiers() -> None:
    graduated = price(PUBLISH, (100, "0.02"), (300, "0.01"), (None, "0.005"), included=50)
    assert tier_uses(graduated, 400) == [
        TierUse(0, Decimal(0), 50),
        TierUse(1, Decimal("0.02"), 100),
        TierUse(2, Decimal("0.01"), 200),
        TierUse(3, Decimal("0.005"), 50),
    ]
    assert cost(graduated, 400) == Decimal("4.25")


def test_volume_puts_all_units_in_the_tier_that_their_number_reaches() -> None:
    volume = price(PUBLISH, (100, "0.02"), (None, "0.01"), included=50, model="volume")
    assert cost(volume, 150) == Decimal(2)
    assert cost(volume, 151) == Decimal("1.01")
    assert tier_uses(volume, 50) == [TierUse(0, Decimal(0), 50)]


def test_a_part_of_a_month_has_its_part_of_the_included_units_and_of_the_bounds_rounded_up() -> None:
    graduated = price(PUBLISH, (100, "0.02"), (None, "0.01"), included=50)
    assert [use.quantity for use in tier_uses(graduated, 100, Fraction(1, 3))] == [17, 34, 49]


def test_what_is_missing_to_the_minimum_is_charged() -> None:
    part = Part(plan(price(PUBLISH, (None, "0.001")), minimum="10"), 0, 10, Fraction(1), Fraction(1, 2))
    charges = rate(part, {("cache_a", PUBLISH): 1234})
    assert {key.meter: key.unit_price for key in charges} == {PUBLISH: Decimal("0.001"), MINIMUM: Decimal("3.766")}
    assert amount_of(charges) == Decimal(5)


def test_a_meter_without_a_price_costs_nothing() -> None:
    assert rate(Part(plan(price(PUBLISH, (None, "1"))), 0, 10), {("cache_a", DELIVERY): 7}) == {}


def test_included_units_are_shared_by_all_caches_as_they_used_them() -> None:
    uses = [TierUse(0, Decimal(0), 10), TierUse(1, Decimal(1), 20)]
    assert shared_out(uses, {"a": 20, "b": 10}) == [{"a": 7, "b": 3}, {"a": 13, "b": 7}]


@given(prices(PUBLISH), quantities, shares)
def test_the_quantities_of_the_tiers_add_up(of: Price, quantity: int, share: Fraction) -> None:
    uses = tier_uses(of, quantity, share)
    assert sum(use.quantity for use in uses) == quantity
    assert all(use.quantity > 0 for use in uses)


@given(prices(PUBLISH, graduated_only=True), quantities, st.integers(0, 10**7), shares)
def test_graduated_prices_never_fall_with_more_usage(of: Price, quantity: int, more: int, share: Fraction) -> None:
    assert cost(of, quantity + more, share) >= cost(of, quantity, share)


@given(prices(PUBLISH), quantities, st.integers(0, 10**7), shares)
def test_volume_prices_never_fall_within_a_tier(of: Price, quantity: int, more: int, share: Fraction) -> None:
    before, after = tier_uses(of, quantity, share), tier_uses(of, quantity + more, share)
    same_tier = bool(before) and bool(after) and before[-1].tier == after[-1].tier
    if same_tier:
        assert cost(of, quantity + more, share) >= cost(of, quantity, share)


@given(prices(PUBLISH, graduated_only=True), quantities, st.integers(0, 10**7))
def test_graduated_prices_are_additive_unit_by_unit(of: Price, quantity: int, more: int) -> None:
    """What is added costs what the tiers that it falls in say, whatever came before it within them."""
    step = cost(of, quantity + more) - cost(of, quantity)
    before = {use.tier: use for use in tier_uses(of, quantity)}
    after = tier_uses(of, quantity + more)
    added = [
        (use.quantity - (before[use.tier].quantity if use.tier in before else 0)) * use.unit_price for use in after
    ]
    assert step == total(added)


@given(parts(), usages)
def test_a_part_costs_its_minimum_or_more(part: Part, usage: Usage) -> None:
    charges = rate(part, usage)
    of_usage = amount_of({key: units for key, units in charges.items() if key.meter != MINIMUM})
    expected = max(of_usage, minimum_of(part)) if part.plan.minimum else of_usage
    assert amount_of(charges) == expected


@given(parts(), usages)
def test_every_cache_is_charged_for_what_it_used(part: Part, usage: Usage) -> None:
    charges = rate(part, usage)
    for (cache, meter), units in usage.items():
        charged = sum(n for key, n in charges.items() if (key.cache_id, key.meter) == (cache, meter))
        assert charged == (units if meter in part.plan.prices else 0)
    assert all(units > 0 for units in charges.values())


@given(parts(), usages)
def test_caches_change_nothing_in_what_an_account_pays(part: Part, usage: Usage) -> None:
    together = {("", meter): sum(n for (_, m), n in usage.items() if m == meter) for meter in METERS}
    assert amount_of(rate(part, usage)) == amount_of(rate(part, together))


@given(parts(), usages, usages)
def test_a_difference_makes_the_earlier_charges_the_later_ones(part: Part, before: Usage, after: Usage) -> None:
    old, new = rate(part, before), rate(part, after)
    change = difference(new, old)
    merged = {key: old.get(key, 0) + change.get(key, 0) for key in {**old, **change}}
    assert {key: units for key, units in merged.items() if units} == new
    assert difference(new, new) == {}


@given(parts(), parts(), usages, usages)
def test_a_month_costs_the_sum_of_its_parts(one: Part, other: Part, usage: Usage, later: Usage) -> None:
    second = Part(other.plan, 2_678_400, 5_000_000, other.share, other.minimum_share)
    both = rate_all([(one, usage), (second, later)])
    assert amount_of(both) == total([amount_of(rate(one, usage)), amount_of(rate(second, later))])


@given(st.integers(0, 2**53), st.lists(st.integers(1, 1000), min_size=1, max_size=5))
def test_parts_of_units_are_at_most_one_unit_each_over_the_whole(units: int, lengths: list[int]) -> None:
    pieces = [part_of_units(units, Fraction(length, sum(lengths))) for length in lengths]
    assert units <= sum(pieces) < units + len(pieces)
