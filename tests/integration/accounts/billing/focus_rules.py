"""The rules of FOCUS 1.2 that apply here, written down from the specification, for rows as a CSV reader gives them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

MANDATORY = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
)  # fmt: skip
"""All 21 of them."""

NULLABLE = {"ChargeClass", "PricingQuantity", "PricingUnit", "BillingAccountName"}
OF_USAGE = (
    "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice", "ListUnitPrice", "PricingCategory", "PricingQuantity",
    "PricingUnit", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId",
)  # fmt: skip
"""Null for a tax, and never null for usage that corrects nothing."""

COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
NUMBERS = (*COSTS, "ConsumedQuantity", "ContractedUnitPrice", "ListUnitPrice", "PricingQuantity")
ENUMS = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"Correction", "NULL"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other", "NULL"},
    "ServiceCategory": {"Integration"},
    "ServiceSubcategory": {"Messaging"},
}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
KNOWN = re.compile(r"^(x_)?[A-Z][A-Za-z]{0,48}$")


def problems(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return what of the specification these rows do not keep to."""
    missing = [f"no column {name}" for name in MANDATORY if not rows or name not in rows[0]]
    return missing or [f"row {n}: {text}" for n, row in enumerate(rows, 1) for text in _of_row(row)]


def _of_row(row: Mapping[str, str]) -> Iterator[str]:
    for name, value in row.items():
        if not KNOWN.match(name):
            yield f"{name} is no name of a column"
        if value == "" or value.strip() != value:
            yield f"{name} is empty or has blanks around it, and not NULL"
    for name in (*MANDATORY, "ServiceSubcategory", "InvoiceId", "BillingAccountType", "ChargeFrequency"):
        if row[name] == "NULL" and name not in NULLABLE:
            yield f"{name} is null"
    yield from _of_values(row)
    yield from _of_usage(row)
    yield from _of_sub_account(row)


def _of_values(row: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name} is {row[name]}" for name, values in ENUMS.items() if row[name] not in values)
    for name in NUMBERS:
        if row[name] != "NULL" and not NUMBER.match(row[name]):
            yield f"{name} is no number: {row[name]}"
    for name in row:
        if name.endswith(("PeriodStart", "PeriodEnd")) and not TIME.match(row[name]):
            yield f"{name} is no time in UTC: {row[name]}"
    if row["ChargePeriodStart"] >= row["ChargePeriodEnd"] or row["BillingPeriodStart"] >= row["BillingPeriodEnd"]:
        yield "a period ends before it begins"


def _of_usage(row: Mapping[str, str]) -> Iterator[str]:
    category, corrects = row["ChargeCategory"], row["ChargeClass"] == "Correction"
    for name in OF_USAGE:
        if category == "Tax" and row[name] != "NULL":
            yield f"{name} of a tax is not null"
        if category == "Usage" and not corrects and row[name] == "NULL":
            yield f"{name} of usage is null"
    if category != "Usage" and row["ConsumedQuantity"] != "NULL":
        yield "ConsumedQuantity of what is no usage is not null"
    if row["PricingQuantity"] != "NULL" and not corrects:
        for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
            if row[price] != "NULL" and Decimal(row[price]) * Decimal(row["PricingQuantity"]) != Decimal(row[cost]):
                yield f"{price} times PricingQuantity is not {cost}"
    if row["SkuPriceDetails"] != "NULL" and not isinstance(json.loads(row["SkuPriceDetails"]), dict):
        yield "SkuPriceDetails is no object"


def _of_sub_account(row: Mapping[str, str]) -> Iterator[str]:
    if len({row[f"SubAccount{part}"] == "NULL" for part in ("Id", "Name", "Type")}) > 1:
        yield "a sub account is null in part"
    if len({row[f"Resource{part}"] == "NULL" for part in ("Id", "Name", "Type")}) > 1:
        yield "a resource is null in part"
    if row["Tags"] != "NULL" and not all(isinstance(v, str) for v in json.loads(row["Tags"]).values()):
        yield "Tags is no object of texts"
