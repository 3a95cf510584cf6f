"""REST: schedules of exports."""

from fastapi import APIRouter, status

from accounts.export_schedules.schemas import Again, NewSchedule, ScheduleInfo, ScheduleList
from accounts.export_schedules.service import Schedules
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute


def routes(schedules: Schedules) -> APIRouter:
    """Return the endpoints for schedules."""
    router = APIRouter(prefix="/v1/exports/schedules", tags=["billing"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def make(body: NewSchedule, member: AnyMember) -> ScheduleInfo:
        """Have usage of each day or month, or charges of each month, written where the installation keeps exports."""
        member.require_change()
        return ScheduleInfo.of(await schedules.make(member.account_id, member.actor, body.wanted()))

    @router.get("")
    async def list_schedules(member: AnyMember) -> ScheduleList:
        """List the schedules, the oldest first, and how far they have come; there are at most twenty."""
        return ScheduleList(schedules=[ScheduleInfo.of(row) for row in await schedules.list(member.account_id)])

    @router.get("/{schedule_id}")
    async def read(schedule_id: str, member: AnyMember) -> ScheduleInfo:
        """Show a schedule, and how far it has come."""
        return ScheduleInfo.of(await schedules.read(member.account_id, schedule_id))

    @router.post("/{schedule_id}/run")
    async def again(schedule_id: str, body: Again, member: AnyMember) -> ScheduleInfo:
        """Make the files once more from a day or month on; they take the place of those that were made."""
        member.require_change()
        return ScheduleInfo.of(await schedules.again(member.account_id, member.actor, schedule_id, body.start))

    @router.delete("/{schedule_id}", status_code=status.HTTP_204_NO_CONTENT)
    async def remove(schedule_id: str, member: AnyMember) -> None:
        """Make no more of these exports; the files stay."""
        member.require_change()
        await schedules.remove(member.account_id, member.actor, schedule_id)

    return router
