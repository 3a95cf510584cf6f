"""How what a line is made of is shown, with links to what lies below."""

from collections.abc import Sequence

from accounts.billing.periods import iso
from accounts.billing.statement import Line
from accounts.invoices.explaining import Piece, Source
from accounts.invoices.schemas import LineUsage, UsageBatchInfo, UsagePiece
from api.usage import batch_id


def pieces(line: Line, here: str, level: str, found: Sequence[Piece]) -> LineUsage:
    """Show the hours or minutes of a line, with links to what is in them."""
    shown = [
        UsagePiece(start=iso(each.start), units=each.units, detail=f"{here}?{level}={each.start}") for each in found
    ]
    return _usage(line, shown, [], sum(each.units for each in found))


def of_minute(line: Line, found: Sequence[Source]) -> LineUsage:
    """Show the batches of one minute."""
    batches = [
        UsageBatchInfo(
            batch_id=batch_id(each.router, each.boot, each.number),
            router=each.router,
            boot=each.boot,
            number=each.number,
            sha256=each.digest,
            received_at=iso(each.received_at),
            units=each.units,
        )
        for each in found
    ]
    return _usage(line, [], batches, sum(each.units for each in found))


def _usage(line: Line, pieces: list[UsagePiece], batches: list[UsageBatchInfo], units: int) -> LineUsage:
    return LineUsage(
        meter=line.meter,
        part_start=iso(line.part_start),
        part_end=iso(line.part_end),
        units=units,
        pieces=pieces,
        batches=batches,
    )
