"""What goes over the REST API about jobs."""

from typing import Literal

from pydantic import Field

from accounts.jobs.models import Job
from accounts.rest.schemas import Output


class JobInfo(Output):
    name: str = Field(examples=["limits.watch"])
    running_on: str | None = Field(description="The account service that does it now.", examples=[None])
    next_at_epoch_seconds: int
    started_at_epoch_seconds: int | None = Field(description="Of the run that ended last.")
    took_milliseconds: int | None
    outcome: Literal["", "done", "failed"]
    detail: str = Field(description="What was done, or why it failed.")
    runs: int
    failures: int

    @classmethod
    def of(cls, job: Job, now: int) -> "JobInfo":
        return cls(
            name=job.name,
            running_on=job.holder if job.holder and job.held_until > now else None,
            next_at_epoch_seconds=job.next_at,
            started_at_epoch_seconds=job.started_at,
            took_milliseconds=job.took_ms,
            outcome="failed" if job.outcome == "failed" else "done" if job.outcome else "",
            detail=job.detail,
            runs=job.runs,
            failures=job.failures,
        )


class JobList(Output):
    jobs: list[JobInfo]
