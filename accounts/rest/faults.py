"""What is wrong with a field, in words that tell what to write instead; pydantic's own where they do."""

from typing import Final

from pydantic_core import ErrorDetails

from accounts.rest.money import AMOUNT, CURRENCY, RATE, UNIT_PRICE
from accounts.rest.schemas import PRINTABLE

_FORMS: Final = {
    AMOUNT: "it must be an amount, such as 12.50",
    UNIT_PRICE: "it must be a price, such as 0.0000005",
    RATE: "it must be a part from 0 to 1, such as 0.20",
    CURRENCY: "it must be the three letters of a currency, such as USD",
    PRINTABLE: "it must be without control characters",
}


def in_words(fault: ErrorDetails) -> str:
    """Return one of the faults that a `ValidationError` lists, without a full stop."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            return _FORMS.get(context["pattern"], fault["msg"])
        case "string_too_short" if context["min_length"] == 1:
            return "it must not be empty"
        case _:
            return fault["msg"].removeprefix("Value error, ")
