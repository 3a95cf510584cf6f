"""The limits that an account's plan gives it."""

from collections.abc import Mapping

from api.account import Limits

OPEN = "open"
CONTRACT = "contract"

PLANS: Mapping[str, Limits] = {
    OPEN: Limits(),
    CONTRACT: Limits(
        publishes_per_second=100,
        publish_bytes_per_second=10 * 1024 * 1024,
        subscriptions=100,
        message_bytes=100 * 1024,
        caches=10,
    ),
}
"""`open` is what a self-hosted installation gives; `contract` has the figures that SDK tests expect of the original."""
