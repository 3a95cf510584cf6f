"""What stands on an invoice, in words."""

from accounts.billing.meters import METERS
from accounts.billing.money import ZERO, plain_unit, times
from accounts.billing.rating import INCLUDED, MINIMUM
from accounts.billing.statement import Line


def description(line: Line, currency: str) -> str:
    """Return what a line is for, as a person reads it."""
    match line.kind:
        case "usage" | "minimum":
            text = _charge(line, currency)
        case "correction":
            text = f"Correction for {line.period.label}: {_charge(line, currency)}"
        case "adjustment" | "credit":
            text = f"{line.kind.capitalize()}: {line.reason}"
        case "rounding":
            text = "Rounding of all lines to their exact sum"
        case "tax":
            text = f"{line.reason} {plain_unit(times(100, line.unit_price or ZERO))} %"
        case _:
            text = "Carried to the next invoice as a credit"
    return text


def _charge(line: Line, currency: str) -> str:
    if line.meter == MINIMUM:
        return f"Up to the minimum of plan {line.plan_id}"
    label = METERS[line.meter].label
    if line.tier == INCLUDED:
        return f"{label}, included"
    return f"{label}, tier {line.tier} at {plain_unit(line.unit_price or ZERO)} {currency}"
