"""REST: what all accounts have used, for operators of the installation."""

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.administration.schemas import UsageOfAccounts
from accounts.operators.guard import ByOperator
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.usage.of_all import UsageOfAll

From = Annotated[str | None, Query(alias="from", max_length=40, examples=["2026-03-01"])]
To = Annotated[str | None, Query(alias="to", max_length=40)]


def routes(usage: UsageOfAll) -> APIRouter:
    """Return the endpoint for usage across accounts."""
    router = APIRouter(prefix="/v1/admin/usage", tags=["operators"], route_class=LateRoute)

    @router.get("")
    async def report(_: ByOperator, paging: Paging, start: From = None, end: To = None) -> UsageOfAccounts:
        """Tell what each account has used in a time, by meter, in the order of the accounts' ids.

        `from` and `to` are dates or times, UTC where they name no zone: from the beginning of this month until now
        where they are left out.
        """
        return UsageOfAccounts.of(await usage.page(paging, start, end))

    return router
