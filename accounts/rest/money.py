"""Money and prices over REST: strings of digits, so that no reader makes a float of them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import PRINTABLE

AMOUNT = r"^-?\d{1,20}(\.\d{1,12})?$"
UNIT_PRICE = r"^\d{1,10}(\.\d{1,12})?$"
RATE = r"^(0(\.\d{1,6})?|1(\.0{1,6})?)$"
CURRENCY = r"^[A-Z]{3}$"

Amount = Annotated[str, StringConstraints(pattern=AMOUNT), Field(examples=["12.50"], description="As text.")]
"""An amount of money, as digits with a point."""

UnitPrice = Annotated[str, StringConstraints(pattern=UNIT_PRICE), Field(examples=["0.0000005"], description="As text.")]
"""The price of one unit."""

Rate = Annotated[str, StringConstraints(pattern=RATE), Field(examples=["0.20"], description="As text.")]
"""A part of the whole, from 0 to 1."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY), Field(examples=["USD"], description="ISO 4217.")]

Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE), Field(examples=["the outage of May 3"])
]


def decimal(text: str) -> Decimal:
    """Return the number that one of these texts is."""
    return Decimal(text)
