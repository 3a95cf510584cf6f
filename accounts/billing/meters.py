"""What can be billed: one of the numbers that are counted under a meter of `api.usage`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meter:
    """A billable number.

    Attributes:
        usage: The meter that routers count under.
        measure: Which of its numbers.
        unit: What one of it is called, as FOCUS and a person would.
        label: What stands on an invoice.
    """

    usage: str
    measure: str
    unit: str
    label: str


METERS: Mapping[str, Meter] = {
    "publish_operations": Meter("publish", "operations", "Operations", "Published operations"),
    "publish_messages": Meter("publish", "messages", "Messages", "Published messages"),
    "publish_bytes": Meter("publish", "bytes", "Bytes", "Published bytes"),
    "delivery_operations": Meter("delivery", "operations", "Operations", "Delivered operations"),
    "delivery_messages": Meter("delivery", "messages", "Messages", "Delivered messages"),
    "delivery_bytes": Meter("delivery", "bytes", "Bytes", "Delivered bytes"),
    "subscription_seconds": Meter("subscription", "seconds", "Seconds", "Subscription seconds"),
}
"""By the name that prices use."""
