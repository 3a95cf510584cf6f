"""The lines of an invoice add up to its total, whatever the plan, the usage, the credits and the tax."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounts.billing.money import CURRENCIES, rounded, total
from accounts.billing.periods import Period
from accounts.billing.rating import Part, Usage, amount_of, rate
from accounts.billing.statement import Adjustment, Correction, Credit, Statement, Tax, state
from tests.unit.accounts.billing.plans import currencies, parts, plan, price, usages

MARCH = Period(0, 2_678_400, "UTC")
PUBLISH, DELIVERY = "publish_operations", "delivery_operations"

cents = st.integers(-(10**6), 10**6)
rates = st.decimals(0, 1, places=4)


def in_money(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-CURRENCIES[currency])


@st.composite
def statements(draw: st.DrawFn) -> tuple[Statement, Decimal, list[Credit]]:
    currency = draw(currencies)
    charges = rate(draw(parts(currency)), draw(usages))
    late = rate(draw(parts(currency)), draw(usages))
    sign = draw(st.sampled_from([1, -1]))
    correction = Correction(MARCH, {key: sign * units for key, units in late.items()})
    adjustments = [
        Adjustment(f"adj_{n}", in_money(draw(cents), currency), "a reason") for n in range(draw(st.integers(0, 2)))
    ]
    credits_left = [
        Credit(f"cr_{n}", in_money(draw(st.integers(0, 10**6)), currency), "a gift")
        for n in range(draw(st.integers(0, 3)))
    ]
    exact = total([amount_of(charges), amount_of(correction.charges), *(each.amount for each in adjustments)])
    tax = Tax(draw(rates))
    return state(MARCH, currency, charges, [correction], adjustments, credits_left, tax), exact, credits_left


@given(statements())
def test_the_total_is_the_sum_of_the_lines(made: tuple[Statement, Decimal, list[Credit]]) -> None:
    statement, exact, _ = made
    assert total(line.amount for line in statement.lines) == statement.total
    assert statement.subtotal == rounded(exact, statement.currency)


@given(statements())
def test_nothing_is_below_zero_or_finer_than_money(made: tuple[Statement, Decimal, list[Credit]]) -> None:
    statement, _, _ = made
    assert statement.total >= 0
    assert statement.carried >= 0
    assert all(line.amount == rounded(line.amount, statement.currency) for line in statement.lines)


@given(statements())
def test_the_remainder_is_at_most_half_a_unit_a_line(made: tuple[Statement, Decimal, list[Credit]]) -> None:
    statement, _, _ = made
    smallest = in_money(1, statement.currency)
    remainder = total(line.amount for line in statement.lines if line.kind == "rounding")
    reckoned = [line for line in statement.lines if line.kind in ("usage", "minimum", "correction", "adjustment")]
    assert abs(remainder) <= smallest * (len(reckoned) + 1) / 2


@given(statements())
def test_no_more_credit_is_used_than_there_is(made: tuple[Statement, Decimal, list[Credit]]) -> None:
    statement, _, credits_left = made
    used = {line.source_id: -line.amount for line in statement.lines if line.kind == "credit"}
    for credit in credits_left:
        assert 0 <= used.get(credit.id, 0) <= credit.left
    assert total(used.values()) <= max(statement.subtotal, 0)


def bill(usage: Usage, currency: str = "USD", tax: str = "0") -> Statement:
    part = Part(plan(price(PUBLISH, (None, "0.003")), price(DELIVERY, (None, "0.003")), currency=currency), 0, 10)
    return state(MARCH, currency, rate(part, usage), tax=Tax(Decimal(tax), "VAT"))


def rows(statement: Statement) -> list[tuple[str, str]]:
    return [(line.kind, str(line.amount)) for line in statement.lines]


def test_the_remainder_of_rounding_is_a_row_of_its_own() -> None:
    statement = bill({("a", PUBLISH): 8, ("a", DELIVERY): 8})
    assert rows(statement) == [("usage", "0.02"), ("usage", "0.02"), ("rounding", "0.01")]
    assert statement.total == Decimal("0.05")


def test_a_sum_in_the_middle_goes_to_the_even_neighbour() -> None:
    assert bill({("a", PUBLISH): 5}).total == Decimal("0.02")
    assert bill({("a", PUBLISH): 15}).total == Decimal("0.04")


def test_each_currency_has_its_own_decimals() -> None:
    usage = {("a", PUBLISH): 1111, ("a", DELIVERY): 1111}
    assert str(bill(usage, "JPY").total) == "7"
    assert str(bill(usage, "USD").total) == "6.67"
    assert str(bill(usage, "KWD").total) == "6.666"


def test_tax_is_on_what_is_left_after_credits() -> None:
    statement = bill({("a", PUBLISH): 10_000}, tax="0.20")
    assert rows(statement) == [("usage", "30.00"), ("tax", "6.00")]
    part = Part(plan(price(PUBLISH, (None, "0.003"))), 0, 10)
    with_credit = state(
        MARCH,
        "USD",
        rate(part, {("a", PUBLISH): 10_000}),
        credits_left=[Credit("c", Decimal(10), "")],
        tax=Tax(Decimal("0.2")),
    )
    assert rows(with_credit) == [("usage", "30.00"), ("credit", "-10"), ("tax", "4.00")]


def test_what_is_below_zero_is_carried_to_the_next_invoice() -> None:
    statement = state(
        MARCH, "USD", {}, adjustments=[Adjustment("a", Decimal(-5), "an outage")], tax=Tax(Decimal("0.2"))
    )
    assert rows(statement) == [("adjustment", "-5.00"), ("tax", "0.00"), ("carried", "5.00")]
    assert (statement.total, statement.carried) == (Decimal("0.00"), Decimal("5.00"))
