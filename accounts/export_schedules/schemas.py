"""What goes over the REST API about schedules of exports."""

from typing import Annotated

from pydantic import Field

from accounts.billing.periods import iso
from accounts.export_schedules.models import ExportSchedule
from accounts.export_schedules.periods import Every
from accounts.export_schedules.wanted import Form, Wanted, What
from accounts.exports.usage import Granularity
from accounts.rest.schemas import Input, Output


class NewSchedule(Input):
    what: What
    format: Form = "csv"
    every: Every = Field(default="day", description="Of UTC; charges by the account's month.")
    granularity: Granularity = Field(default="hour", description="Of usage.")

    def wanted(self) -> Wanted:
        return Wanted(self.what, self.format, self.every, self.granularity)


class Again(Input):
    start: Annotated[str, Field(alias="from", max_length=40, examples=["2028-02-01"])]


class ScheduleInfo(Output):
    schedule_id: str
    what: str
    format: str
    every: str
    granularity: str
    next_from: str = Field(description="When the day or month begins that is exported next.")
    due_at: str
    rows: int = Field(description="How far the export has come that runs, or how many the newest has.")
    newest: str | None = Field(description="The name of the newest file.", examples=["acc_1/usage-hour/2028-02-01.csv"])
    newest_at: str | None
    problem: str | None = Field(description="Why the newest attempt failed; it is repeated each minute.")

    @classmethod
    def of(cls, row: ExportSchedule) -> "ScheduleInfo":
        return cls(
            schedule_id=row.id,
            what=row.what,
            format=row.form,
            every=row.every,
            granularity=row.granularity,
            next_from=iso(row.next_start * 60),
            due_at=iso(row.due_at),
            rows=row.rows,
            newest=row.newest or None,
            newest_at=None if row.newest_at is None else iso(row.newest_at),
            problem=row.problem or None,
        )


class ScheduleList(Output):
    schedules: list[ScheduleInfo]
