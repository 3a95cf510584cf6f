"""Where browsers tell of what a page tried and was not allowed: each is a fault of ours or an attack, and is logged."""

import json
import logging
import re
from typing import Final

from fastapi import APIRouter, Request, Response, status

from accounts.console.policy import REPORTS
from accounts.rest.late_route import LateRoute

MOST_LOGGED = 200
"""Anybody may send reports; more than these in the life of a process say nothing new."""

_QUERY: Final = re.compile(r'\?[^"\\\s]*')
"""Of an address: those of pages that mails lead to hold a token."""

_log = logging.getLogger(__name__)


def routes() -> APIRouter:
    """Return the endpoint for reports."""
    router = APIRouter(include_in_schema=False, route_class=LateRoute)
    logged = 0

    @router.post(REPORTS, status_code=status.HTTP_204_NO_CONTENT)
    async def report(request: Request) -> Response:
        nonlocal logged
        body = await request.body()
        if logged < MOST_LOGGED:
            logged += 1
            _log.warning("content security policy: %s", summary(body))
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return router


def summary(body: bytes) -> str:
    """Return a report, in either of the forms that browsers send, as one short line that is safe to log."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return f"a report of {len(body)} bytes that is not JSON"
    return _QUERY.sub("?", json.dumps(sent, ensure_ascii=True))[:500]
