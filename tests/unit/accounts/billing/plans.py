"""Plans and usage of all kinds, for laws that hold for each of them."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from accounts.billing.plan import Plan, Price, Tier, checked
from accounts.billing.rating import Part

METERS: tuple[str, ...] = ("delivery_operations", "publish_operations")
CACHES: tuple[str, ...] = ("cache_a", "cache_b", "cache_c", "")

unit_prices = st.decimals(0, 10, places=9) | st.decimals(0, "0.001", places=12)
currencies = st.sampled_from(["USD", "JPY", "KWD"])
quantities = st.integers(0, 10**7) | st.integers(0, 2**60)
shares = st.builds(Fraction, st.integers(0, 2_678_400), st.just(2_678_400))


@st.composite
def prices(draw: st.DrawFn, meter: str, *, graduated_only: bool = False) -> Price:
    bounds = sorted(draw(st.sets(st.integers(1, 10**7), max_size=4)))
    tiers = tuple(Tier(bound, draw(unit_prices)) for bound in [*bounds, None])
    model = "graduated" if graduated_only or draw(st.booleans()) else "volume"
    return Price(meter, tiers, draw(st.integers(0, 10**6)), model)


@st.composite
def plans(draw: st.DrawFn, currency: str = "USD") -> Plan:
    some = draw(st.sets(st.sampled_from(METERS)))
    minimum = draw(st.integers(0, 1000)) * Decimal(1)
    return checked(Plan("p", 1, "P", currency, {meter: draw(prices(meter)) for meter in sorted(some)}, minimum))


caches = st.sampled_from(list[str](CACHES))
meters = st.sampled_from(list[str](METERS))
usages = st.dictionaries(st.tuples(caches, meters), quantities, max_size=8)


@st.composite
def parts(draw: st.DrawFn, currency: str = "USD") -> Part:
    share = draw(shares)
    return Part(draw(plans(currency)), 0, 2_678_400, share, draw(shares))


def plan(*price: Price, currency: str = "USD", minimum: str = "0", id: str = "metered", version: int = 1) -> Plan:
    return checked(Plan(id, version, id.title(), currency, {each.meter: each for each in price}, Decimal(minimum)))


def price(meter: str, *tiers: tuple[int | None, str], included: int = 0, model: str = "graduated") -> Price:
    made = tuple(Tier(up_to, Decimal(amount)) for up_to, amount in tiers)
    return Price(meter, made, included, "volume" if model == "volume" else "graduated")
