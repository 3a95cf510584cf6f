"""Whether an invoice adds up by itself: lines to their shares and prices, and all of them to its sums."""

from collections.abc import Iterator
from decimal import Decimal

from accounts.batches.chain import Finding
from accounts.billing.money import ZERO, plain, rounded, times, total
from accounts.billing.statement import Kind, Line, Statement

RATED: frozenset[Kind] = frozenset({"usage", "minimum", "correction"})
"""Kinds of lines that a plan makes, of usage or in place of it."""

BEFORE_ROUNDING: frozenset[Kind] = frozenset({*RATED, "adjustment"})


def differences(where: str, statement: Statement) -> Iterator[Finding]:
    """Name whatever in a statement does not follow from the rest of it."""
    for number, line in enumerate(statement.lines, 1):
        yield from _line(f"{where}, line {number}", line, statement.currency)
    for name, said, is_really in _sums(statement):
        if said != is_really:
            yield Finding("different", where, f"{name} is {plain(said)} and not {plain(is_really)}")


def _line(where: str, line: Line, currency: str) -> Iterator[Finding]:
    if line.kind in RATED and line.unit_price is not None:
        exact = times(line.quantity, line.unit_price)
        if line.exact != exact:
            yield Finding("different", where, f"the exact amount is {plain(line.exact)} and not {plain(exact)}")
        shares = sum(line.shares.values())
        if line.shares and shares != line.quantity:
            yield Finding("different", where, f"the quantity is {line.quantity} and its caches used {shares}")
    if line.kind in BEFORE_ROUNDING and line.amount != rounded(line.exact, currency):
        wanted = plain(rounded(line.exact, currency))
        yield Finding("different", where, f"the amount is {plain(line.amount)} and not {wanted}")


def _sums(statement: Statement) -> Iterator[tuple[str, Decimal, Decimal]]:
    def of(*kinds: Kind) -> Decimal:
        return total(line.amount for line in statement.lines if line.kind in kinds)

    exact = total(line.exact for line in statement.lines if line.kind in BEFORE_ROUNDING)
    subtotal = rounded(exact, statement.currency)
    yield "the subtotal", statement.subtotal, subtotal
    yield "the sum of the lines", of(*BEFORE_ROUNDING, "rounding"), subtotal
    to_tax = total([subtotal, of("credit", "carried")])
    rate = total(line.unit_price or ZERO for line in statement.lines if line.kind == "tax")
    yield "the tax", statement.tax, rounded(times(to_tax, rate), statement.currency)
    yield "the total", statement.total, total([to_tax, statement.tax])
