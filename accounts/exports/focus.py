"""Charges as FOCUS 1.2, the FinOps Open Cost and Usage Specification.

The columns are the 21 mandatory ones, those conditional and recommended ones that apply, those that version 1.0 asked
of everybody (most of them null here), and our own, which begin with `x_`. What has no value is the word NULL, never an
empty text. Times are UTC. BilledCost summed by InvoiceId is the invoice's total.
"""

import json
from collections.abc import Mapping

from accounts.billing.meters import METERS
from accounts.billing.money import plain, plain_unit
from accounts.billing.periods import iso
from accounts.exports.charges import Charged
from accounts.exports.rows import Cells

NULL = "NULL"

COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory",
    "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId",
    "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit",
    "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType",
    "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId",
    "SubAccountId", "SubAccountName", "SubAccountType", "Tags", "x_InvoiceLine", "x_InvoiceNumber", "x_Kind",
    "x_Plan", "x_PlanVersion", "x_Reason", "x_Tier", "x_TimeZone",
)  # fmt: skip
NUMBERS = frozenset(
    {
        "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost",
        "ListUnitPrice", "PricingQuantity", "x_InvoiceLine", "x_PlanVersion", "x_Tier",
    }
)  # fmt: skip

_CATEGORIES = {
    "usage": "Usage",
    "correction": "Usage",
    "minimum": "Adjustment",
    "adjustment": "Adjustment",
    "rounding": "Adjustment",
    "carried": "Adjustment",
    "credit": "Credit",
    "tax": "Tax",
}
_FREQUENCIES = {"Usage": "Usage-Based", "Tax": "Recurring", "Adjustment": "One-Time", "Credit": "One-Time"}


def cells(charge: Charged, account_name: str, issuer: str) -> Cells:
    """Return a charge as one row of FOCUS."""
    invoice, category = charge.invoice, _CATEGORIES[charge.kind]
    amount = plain(charge.amount)
    row: dict[str, str | int | None] = dict.fromkeys(COLUMNS)
    row |= {
        "BilledCost": amount,
        "BillingAccountId": invoice.account_id,
        "BillingAccountName": account_name or invoice.name or invoice.account_id,
        "BillingAccountType": "Account",
        "BillingCurrency": invoice.currency,
        "BillingPeriodEnd": iso(invoice.period_end),
        "BillingPeriodStart": iso(invoice.period_start),
        "ChargeCategory": category,
        "ChargeClass": "Correction" if charge.kind == "correction" or invoice.voids else None,
        "ChargeDescription": charge.description,
        "ChargeFrequency": _FREQUENCIES[category],
        "ChargePeriodEnd": iso(charge.end),
        "ChargePeriodStart": iso(charge.start),
        "ContractedCost": amount,
        "EffectiveCost": amount,
        "InvoiceId": invoice.id,
        "InvoiceIssuerName": issuer,
        "ListCost": amount,
        "ProviderName": issuer,
        "PublisherName": issuer,
        "ServiceCategory": "Integration",
        "ServiceName": "Tidings",
        "ServiceSubcategory": "Messaging",
        "x_InvoiceLine": charge.line,
        "x_InvoiceNumber": charge.number,
        "x_Kind": charge.kind,
        "x_Plan": charge.plan_id or None,
        "x_PlanVersion": charge.plan_version or None,
        "x_Reason": charge.reason or None,
        "x_TimeZone": invoice.zone,
    }
    return {**row, **_metered(charge), **_cache(charge)}


def _metered(charge: Charged) -> Mapping[str, str | int | None]:
    """Return what only usage has: a quantity, its unit, and the price that makes the cost of it."""
    if charge.quantity is None or charge.unit_price is None or charge.meter not in METERS:
        return {}
    meter, price = METERS[charge.meter], plain_unit(charge.unit_price)
    details = {"Tier": charge.tier, "x_Plan": charge.plan_id, "x_PlanVersion": charge.plan_version}
    return {
        "ConsumedQuantity": charge.quantity,
        "ConsumedUnit": meter.unit,
        "ContractedUnitPrice": price,
        "ListUnitPrice": price,
        "PricingCategory": "Standard",
        "PricingQuantity": charge.quantity,
        "PricingUnit": meter.unit,
        "SkuId": charge.meter,
        "SkuMeter": meter.label,
        "SkuPriceDetails": json.dumps(details),
        "SkuPriceId": f"{charge.plan_id}-v{charge.plan_version}-{charge.meter}-{charge.tier}",
        "x_Tier": charge.tier,
    }


def _cache(charge: Charged) -> Mapping[str, str | int | None]:
    if not charge.cache_id:
        return {}
    name = charge.cache_name or charge.cache_id
    return {
        "ResourceId": charge.cache_id,
        "ResourceName": name,
        "ResourceType": "Cache",
        "SubAccountId": charge.cache_id,
        "SubAccountName": name,
        "SubAccountType": "Cache",
        "Tags": json.dumps({"tidings:cache": name}),
    }
