"""Whom an account's invoices are for: what the account says of itself, and what operators say of its tax."""

from collections.abc import Mapping
from typing import Any

from accounts import audit
from accounts.audit import Actor
from accounts.billing.money import plain_unit
from accounts.database import Database, Transaction
from accounts.pricing.service import Customer, Pricing
from accounts.tenants import repository as tenants
from accounts.usage.calendar import zone

FIELDS = ("name", "address", "email", "tax_id", "tax_name", "tax_rate")


class Profiles:
    """Billing profiles."""

    def __init__(self, database: Database, pricing: Pricing) -> None:
        self._database = database
        self._pricing = pricing

    async def read(self, account_id: str) -> Customer:
        """Return an account's profile.

        Raises:
            NotFound: there is no such account.
        """
        async with self._database.reading() as session:
            return await self._pricing.customer(session, account_id)

    async def change(self, account_id: str, actor: Actor, changes: Mapping[str, Any]) -> Customer:
        """Change fields of a profile, or `time_zone`. What is invoiced already stays as it is.

        A month that runs ends with the month of the new time zone.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: there is no such time zone.
        """
        async with self._database.transaction() as session:
            customer = await self._pricing.customer_alone(session, account_id)
            before = _audited(customer)
            for name in FIELDS:
                if name in changes:
                    setattr(customer.profile, name, changes[name])
            if "time_zone" in changes:
                customer = await self._move(session, customer, str(changes["time_zone"]))
            audit.record(
                session,
                actor,
                account_id,
                "billing_profile.changed",
                account_id,
                before=before,
                after=_audited(customer),
            )
        return customer

    async def _move(self, session: Transaction, customer: Customer, name: str) -> Customer:
        zone(name)
        account = await tenants.get_alone(session, customer.account_id)
        if account is not None:
            account.time_zone = name
        customer.profile.closes_at = 0  # looked at anew: its month may end at another time now
        return Customer(customer.account_id, name, customer.profile)


def _audited(customer: Customer) -> dict[str, object]:
    fields = {name: getattr(customer.profile, name) for name in FIELDS if name != "tax_rate"}
    return {**fields, "tax_rate": plain_unit(customer.profile.tax_rate), "time_zone": customer.zone}
