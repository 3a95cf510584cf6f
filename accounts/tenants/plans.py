"""The limits that an account's plan gives it, and those that the account may raise them to by itself."""

from collections.abc import Mapping

from api.account import LARGEST_MESSAGE_BYTES, Limits

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

HARD_LIMITS: Mapping[str, Limits] = {
    OPEN: Limits(
        publishes_per_second=1_000_000,
        publish_bytes_per_second=2 * 1024 * 1024 * 1024,
        subscriptions=500_000,
        message_bytes=LARGEST_MESSAGE_BYTES,
        caches=10_000,
        api_keys=10_000,
    ),
    CONTRACT: Limits(
        publishes_per_second=1_000,
        publish_bytes_per_second=100 * 1024 * 1024,
        subscriptions=1_000,
        message_bytes=1024 * 1024,
        caches=100,
        api_keys=1_000,
    ),
}
"""Beyond these, an operator of the installation decides."""
