"""What a schedule exports, and how."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from accounts.export_schedules.models import ExportSchedule
from accounts.export_schedules.periods import Every
from accounts.exports.parquet import Parquet
from accounts.exports.service import ChargeFormat, Export, Exports, UsageFormat
from accounts.exports.usage import Granularity
from api.errors import InvalidArgument

What = Literal["usage", "charges"]
Form = Literal["csv", "jsonl", "cloudevents", "parquet", "focus"]

USAGE: Mapping[str, UsageFormat] = {
    "csv": "csv",
    "jsonl": "jsonl",
    "cloudevents": "cloudevents",
    "parquet": "parquet",
}
CHARGES: Mapping[str, ChargeFormat] = {"csv": "csv", "focus": "focus"}
GRANULARITIES: Mapping[str, Granularity] = {"minute": "minute", "hour": "hour", "day": "day"}


class Wanted(NamedTuple):
    """An export of each day or month."""

    what: What
    form: Form
    every: Every
    granularity: Granularity = "hour"

    def check(self) -> None:
        """See that it can be made.

        Raises:
            InvalidArgument: it cannot.
            Unimplemented: this installation cannot write the format.
        """
        forms = USAGE if self.what == "usage" else CHARGES
        if self.form not in forms:
            raise InvalidArgument(f"{self.what} are not exported as '{self.form}'; the formats are {', '.join(forms)}")
        if self.what == "charges" and self.every != "month":
            raise InvalidArgument("charges are those of a month; send 'month' for 'every'")
        if self.form == "parquet":
            Parquet()


async def opened(exports: Exports, row: ExportSchedule, start: int, end: int) -> Export[Any]:
    """Return the export of a schedule from `start` to before `end`, in minutes of the epoch."""
    if row.what == "usage":
        return exports.usage(row.account_id, start, end, GRANULARITIES[row.granularity], USAGE[row.form])
    return await exports.charges(row.account_id, start, end, CHARGES[row.form])


def named(row: ExportSchedule, label: str, suffix: str) -> str:
    """Return the name of a file, which is the same whenever it is made."""
    detail = f"-{row.granularity}" if row.what == "usage" and row.form != "cloudevents" else ""
    form = "-focus" if row.form == "focus" else ""
    return f"{row.account_id}/{row.what}{detail}{form}/{label}.{suffix}"
