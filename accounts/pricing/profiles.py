"""Whom an account's invoices are for: what the account says of itself, and what operators say of its tax."""

from collections.abc import Mapping
from typing import Any

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.audit import Actor
from accounts.billing.money import plain_unit
from accounts.database import Database
from accounts.pricing.service import Customer, Pricing
from accounts.users.emails import normalised

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

    async def change(
        self, account_id: str, actor: Actor, changes: Mapping[str, Any], accept: Accept[Customer] = anything
    ) -> Customer:
        """Change fields of a profile. What is invoiced already stays as it is.

        Nothing is changed where `accept` raises at the sight of the profile.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: the e-mail cannot be one; an empty one takes it away.
        """
        if changes.get("email"):
            changes = {**changes, "email": normalised(changes["email"])}
        async with self._database.transaction() as session:
            customer = await self._pricing.customer_alone(session, account_id)
            accept(customer)
            before = _audited(customer)
            for name in FIELDS:
                if name in changes:
                    setattr(customer.profile, name, changes[name])
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


def _audited(customer: Customer) -> dict[str, object]:
    fields = {name: getattr(customer.profile, name) for name in FIELDS if name != "tax_rate"}
    return {**fields, "tax_rate": plain_unit(customer.profile.tax_rate)}
