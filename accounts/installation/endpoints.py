"""REST: the running installation, for its operators."""

from fastapi import APIRouter

from accounts.installation.schemas import MapInfo, Processes, ProcessInfo
from accounts.operators.guard import ByOperator
from accounts.rest.late_route import LateRoute
from backplane.interface import Registry


def routes(registry: Registry) -> APIRouter:
    """Return the endpoints for processes and storage nodes."""
    router = APIRouter(prefix="/v1/admin", tags=["operators"], route_class=LateRoute)

    @router.get("/processes")
    async def processes(_: ByOperator) -> Processes:
        """List the processes of all tiers that were heard of in the last seconds."""
        return Processes(processes=[ProcessInfo.of(process) for process in await registry.processes()])

    @router.get("/map")
    async def node_map(_: ByOperator) -> MapInfo:
        """Show the storage nodes that own topics now. Each holds a lease; one whose lease has ended is not here."""
        return MapInfo.of(await registry.refresh(), registry.lease_seconds)

    return router
