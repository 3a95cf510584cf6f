"""What goes over the REST API about plans and billing profiles."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.billing.meters import METERS
from accounts.billing.money import plain, plain_unit
from accounts.billing.periods import Assignment
from accounts.billing.plan import MOST_TIERS, MOST_UNITS, Model, Plan, Price, Tier
from accounts.pricing.models import PricePlan
from accounts.pricing.service import Customer, When, plan_of
from accounts.rest.money import Amount, Currency, Rate, UnitPrice, decimal
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output
from accounts.users.emails import LONGEST_EMAIL
from api.errors import InvalidArgument

PlanId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"), Field(examples=["pay-per-use"])]
Units = Annotated[int, Field(strict=True, ge=0, le=MOST_UNITS)]


class TierBody(Input):
    up_to: Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS)] | None = Field(
        default=None, description="The last unit of the tier, counted behind the included ones; null in the last tier."
    )
    unit_price: UnitPrice


class PriceBody(Input):
    meter: Annotated[str, Field(description=f"One of {', '.join(METERS)}.", examples=["publish_operations"])]
    included: Units = Field(default=0, description="Units of each month that cost nothing.")
    model: Model = Field(default="graduated", description="`volume`: all units at the price of the tier reached.")
    tiers: Annotated[list[TierBody], Field(min_length=1, max_length=MOST_TIERS)]

    def price(self) -> Price:
        if self.meter not in METERS:
            raise InvalidArgument(f"there is no meter '{self.meter}'; the meters are {', '.join(METERS)}")
        tiers = tuple(Tier(tier.up_to, decimal(tier.unit_price)) for tier in self.tiers)
        return Price(self.meter, tiers, self.included, self.model)

    @classmethod
    def of(cls, price: Price) -> "PriceBody":
        tiers = [TierBody(up_to=tier.up_to, unit_price=plain_unit(tier.unit_price)) for tier in price.tiers]
        return cls(meter=price.meter, included=price.included, model=price.model, tiers=tiers)


class NewPlan(Input):
    plan_id: PlanId
    name: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE)]
    currency: Currency
    public: bool = Field(default=False, strict=True, description="Accounts may choose it by themselves.")
    minimum: Amount = Field(default="0", description="What a month costs at least.")
    prices: Annotated[list[PriceBody], Field(max_length=len(METERS))]

    def plan(self) -> Plan:
        prices = {body.meter: body.price() for body in self.prices}
        if len(prices) < len(self.prices):
            raise InvalidArgument("a plan has one price for a meter")
        return Plan(self.plan_id, 0, self.name, self.currency, prices, decimal(self.minimum))


class PlanInfo(Output):
    plan_id: str
    version: int
    name: str
    currency: str
    public: bool
    minimum: str
    prices: list[PriceBody] = Field(description="Meters that are not here cost nothing.")
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: PricePlan) -> "PlanInfo":
        plan = plan_of(row)
        return cls(
            plan_id=row.id,
            version=row.version,
            name=row.name,
            currency=row.currency,
            public=row.public,
            minimum=plain(plan.minimum),
            prices=[PriceBody.of(price) for price in plan.prices.values()],
            created_at_epoch_seconds=row.created_at,
        )


class Plans(Listing):
    plans: list[PlanInfo]


class PlanVersions(Output):
    plans: list[PlanInfo]


class PlanChoice(Input):
    plan_id: PlanId
    version: Annotated[int, Field(strict=True, ge=1, le=2**31)] | None = Field(
        default=None, description="null for the newest"
    )
    when: When = Field(
        default="now", description="As soon as nothing becomes cheaper that was used, or with next month."
    )


class Held(Output):
    plan_id: str
    version: int
    name: str
    currency: str
    since_epoch_seconds: int

    @classmethod
    def of(cls, assignment: Assignment) -> "Held":
        plan = assignment.plan
        return cls(
            plan_id=plan.id,
            version=plan.version,
            name=plan.name,
            currency=plan.currency,
            since_epoch_seconds=assignment.since,
        )


class HeldPlans(Output):
    plans: list[Held] = Field(description="All plans that the account has had, has and is to have, the oldest first.")


Text255 = Annotated[str, StringConstraints(max_length=255, pattern=PRINTABLE)]


class ProfileChange(Input):
    name: Text255 | None = None
    address: Annotated[str, StringConstraints(max_length=1024, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")] | None = None
    email: Annotated[str, StringConstraints(max_length=LONGEST_EMAIL, pattern=PRINTABLE)] | None = None
    tax_id: Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)] | None = None


class TaxChange(Input):
    tax_rate: Rate
    tax_name: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE)] = "Tax"

    def changes(self) -> dict[str, str | Decimal]:
        return {"tax_rate": decimal(self.tax_rate), "tax_name": self.tax_name}


class Profile(Output):
    account_id: str
    name: str
    address: str
    email: str
    tax_id: str
    tax_rate: str
    tax_name: str
    time_zone: str = Field(description="Of its months; `PUT /v1/usage/settings` changes it.")

    @classmethod
    def of(cls, customer: Customer) -> "Profile":
        profile = customer.profile
        return cls(
            account_id=customer.account_id,
            name=profile.name,
            address=profile.address,
            email=profile.email,
            tax_id=profile.tax_id,
            tax_rate=plain_unit(profile.tax_rate),
            tax_name=profile.tax_name,
            time_zone=customer.zone,
        )
