"""Plans: what makes sense as one, and that nothing of a price is lost on the way to the database and back."""

from decimal import Decimal

import pytest
from hypothesis import given

from accounts.billing.money import CURRENCIES, payable, plain_unit, rounded
from accounts.billing.plan import MOST_UNITS, Plan, Price, checked, from_json, to_json
from api.errors import InvalidArgument
from tests.unit.accounts.billing.plans import plan, plans, price

PUBLISH = "publish_operations"


@given(plans())
def test_a_plan_is_read_as_it_was_written(made: Plan) -> None:
    assert from_json(made.id, made.version, made.name, made.currency, to_json(made)) == made


@pytest.mark.parametrize(
    "wrong",
    [
        price(PUBLISH),
        price(PUBLISH, (10, "1")),
        price(PUBLISH, (10, "1"), (10, "1"), (None, "1")),
        price(PUBLISH, (10, "1"), (5, "1"), (None, "1")),
        price(PUBLISH, (None, "1"), (None, "1")),
        price(PUBLISH, (0, "1"), (None, "1")),
        price(PUBLISH, (None, "-1")),
        price(PUBLISH, (None, "NaN")),
        price(PUBLISH, (None, "Infinity")),
        price(PUBLISH, (None, "0.0000000000001")),
        price(PUBLISH, (None, "1e40")),
        price(PUBLISH, (None, "1"), included=-1),
        price(PUBLISH, (None, "1"), included=MOST_UNITS + 1),
        price(PUBLISH, *[(n, "1") for n in range(1, 30)], (None, "1")),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(wrong: Price) -> None:
    with pytest.raises(InvalidArgument, match=PUBLISH):
        plan(wrong)


@pytest.mark.parametrize(("currency", "minimum"), [("USD", "1.001"), ("JPY", "0.5"), ("KWD", "0.0001"), ("USD", "-1")])
def test_a_minimum_that_cannot_be_paid_is_refused(currency: str, minimum: str) -> None:
    with pytest.raises(InvalidArgument):
        plan(currency=currency, minimum=minimum)


def test_a_currency_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="'XXX' is not a currency"):
        checked(Plan("p", 1, "P", "XXX", {}))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"minimum": "x", "prices": []}', '{"minimum": "1"}', "null"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="'p' cannot be read"):
        from_json("p", 1, "P", "USD", text)


def test_currencies_have_0_2_or_3_decimals() -> None:
    assert {code: CURRENCIES[code] for code in ("JPY", "EUR", "BHD")} == {"JPY": 0, "EUR": 2, "BHD": 3}
    assert str(rounded(Decimal("2.5"), "JPY")) == "2"
    assert str(payable(Decimal(7), "BHD")) == "7.000"


def test_a_price_is_written_without_an_exponent() -> None:
    assert [plain_unit(Decimal(text)) for text in ("5E-7", "1.50", "0", "100")] == ["0.0000005", "1.5", "0", "100"]
