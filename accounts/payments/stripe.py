"""Stripe Billing: usage as meter events.

A meter event with an identifier that Stripe has had of late is not counted again, and is answered as an error that says
so. The meters are made in Stripe, one for each billable meter, with the event name `tidings_<meter>`.
"""

from importlib import import_module
from typing import Any

from accounts.payments.provider import MeterEvent, Refused, Unreachable
from api.errors import Unimplemented

EVENT_PREFIX = "tidings_"
TIMEOUT_SECONDS = 20
_HAD_BEFORE = "already exists with identifier"


class Stripe:
    """The adapter.

    Args:
        api_key: Stripe's secret key.
        api_base: Where its API is; empty for Stripe itself.

    Raises:
        Unimplemented: the library is not installed.
    """

    name = "stripe"

    def __init__(self, api_key: str, api_base: str = "") -> None:
        try:
            self._stripe: Any = import_module("stripe")
        except ImportError as reason:
            raise Unimplemented("Stripe needs its library; install it with: pip install 'tidings[stripe]'") from reason
        http: Any = self._stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
        bases = {"api": api_base} if api_base else {}
        self._http = http
        self._client: Any = self._stripe.StripeClient(
            api_key, base_addresses=bases, http_client=http, max_network_retries=0
        )

    def __repr__(self) -> str:
        return "<Stripe>"

    async def report(self, event: MeterEvent) -> None:
        params = {
            "event_name": EVENT_PREFIX + event.meter,
            "payload": {"stripe_customer_id": event.customer_id, "value": str(event.units)},
            "identifier": event.identifier,
            "timestamp": event.timestamp,
        }
        stripe = self._stripe
        try:
            await self._client.v1.billing.meter_events.create_async(
                params, options={"idempotency_key": event.identifier}
            )
        except stripe.InvalidRequestError as reason:
            if _HAD_BEFORE not in str(reason):
                raise Refused(_told(reason)) from reason
        except (stripe.AuthenticationError, stripe.PermissionError) as reason:
            raise Unreachable(_told(reason)) from reason  # a key that is mended lets it go on
        except stripe.StripeError as reason:
            raise Unreachable(_told(reason)) from reason

    async def close(self) -> None:
        await self._http.close_async()


def _told(reason: Any) -> str:  # noqa: ANN401 - the library's errors have no types here
    return f"{type(reason).__name__}: {reason.user_message or reason}"[:255]
