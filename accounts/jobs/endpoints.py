"""REST: what the account service does again and again, for operators of the installation."""

import time

from fastapi import APIRouter, status

from accounts.jobs.schemas import JobInfo, JobList
from accounts.jobs.service import Jobs
from accounts.operators.guard import ByOperator
from accounts.rest.late_route import LateRoute


def routes(jobs: Jobs) -> APIRouter:
    """Return the endpoints for jobs."""
    router = APIRouter(prefix="/v1/admin/jobs", tags=["operators"], route_class=LateRoute)

    @router.get("")
    async def list_jobs(_: ByOperator) -> JobList:
        """List the jobs, with their last run and their next one."""
        now = int(time.time())
        return JobList(jobs=[JobInfo.of(job, now) for job in await jobs.list()])

    @router.post("/{name}/run", status_code=status.HTTP_202_ACCEPTED)
    async def run(name: str, operator: ByOperator) -> None:
        """Have a job done within a few seconds, before its time."""
        await jobs.hasten(name, operator.actor)

    return router
