"""What routers may count at most goes through meters, batches, roll-ups and prices without losing a unit."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accounts.billing.plan import Plan, Price, Tier
from accounts.billing.rating import Part, amount_of, rate
from accounts.usage.adding import by_key, quantities
from accounts.usage.levels import DAY
from accounts.usage.models import ALL
from api.usage import LARGEST_COUNT, PUBLISH, Batch, decode, encode
from router.meters.window import Window, read

FLOAT, COLUMN = 2**53, 2**63 - 1
NEAR = st.sampled_from([1, 2, 1023, FLOAT // 2, FLOAT - 1]) | st.integers(1, FLOAT - 1)


@given(st.lists(st.tuples(NEAR, NEAR, NEAR), min_size=1, max_size=20))
def test_counts_are_whole_from_meters_to_the_sums_of_a_day(counted: list[tuple[int, int, int]]) -> None:
    batches: list[Batch] = []
    for number, numbers in enumerate(counted, 1):
        window = Window(bytearray(4096), number, 29_000_000)
        window.row(("acme", "cache", PUBLISH, "key:k")).add(*numbers)
        found = read(bytearray(window.memory)).lines
        batches.append(decode(encode(Batch("router", "boot", number, b"", 29_000_000, found))))
    detail = by_key((batch.minute, batch.router, line) for batch in batches for line in batch.lines)
    sums = [counts for (key, _), counts in quantities(detail)[DAY].items() if key.principal == ALL]
    expected = tuple(map(sum, zip(*counted, strict=True)))
    assert [counts[:3] for counts in sums] == [expected]
    assert all(isinstance(number, int) for counts in sums for number in counts)


@given(st.lists(st.integers(1, COLUMN), min_size=1, max_size=5), st.integers(1, 10**12), st.integers(1, COLUMN))
def test_prices_of_the_largest_quantities_are_exact(units: list[int], price: int, included: int) -> None:
    unit_price = Decimal(price).scaleb(-12)
    meter = Price("publish_operations", (Tier(None, unit_price),), included=included)
    plan = Plan("p", 1, "P", "USD", {"publish_operations": meter})
    usage = {(f"cache-{number}", "publish_operations"): used for number, used in enumerate(units)}
    amount = amount_of(rate(Part(plan, 0, 1), usage))
    assert Fraction(amount) == max(sum(units) - included, 0) * Fraction(price, 10**12)


def test_a_line_may_hold_one_less_than_what_a_float_cannot() -> None:
    assert LARGEST_COUNT == FLOAT
