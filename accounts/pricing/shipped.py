"""The plans that every installation has from the beginning. Others are made by its operators."""

from decimal import Decimal

from accounts.billing.plan import Plan, Price, Tier

FREE = Plan("free", 1, "Free", "USD", {})

_OPERATIONS = (Tier(1_000_000_000, Decimal("0.0000005")), Tier(None, Decimal("0.0000003")))

PAY_PER_USE = Plan(
    "pay-per-use",
    1,
    "Pay per use",
    "USD",
    {meter: Price(meter, _OPERATIONS, included=1_000_000) for meter in ("publish_operations", "delivery_operations")},
)
"""Half a dollar a million operations, and less beyond a milliard; the first million of each meter is included."""

SHIPPED = (FREE, PAY_PER_USE)
