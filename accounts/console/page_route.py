"""The frame of every page: who is not logged in is led there, and what goes wrong is a page too."""

import contextlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from typing_extensions import override

from accounts.console.pages import Pages, own_address, see_other, without_note
from accounts.rest.guards import Guards
from accounts.rest.late_route import LateRoute
from api import request_ids
from api.errors import InvalidArgument, NotFound, PermissionDenied, TidingsError, Unauthenticated
from api.grpc_asgi import shown

LOG_IN = "/login"


class PageRoute(LateRoute):
    """An endpoint whose errors are shown to a person."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthenticated:
                return _log_in_first(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a page
                return await _error_page(request, _ours(error))

        return page


def _log_in_first(request: Request) -> Response:
    """Lead to the log-in, and from there back; a form that was sent is not kept, so its page says that."""
    if request.method == "GET":
        return see_other(LOG_IN, next=own_address(request))
    return see_other(LOG_IN, next=_sent_from(request), note="nothing-done")


def _sent_from(request: Request) -> str:
    """Return the page of ours that a form is on; an empty text where the browser does not tell."""
    host, address = request.headers.get("host", ""), request.headers.get("referer", "").partition("://")[2]
    return without_note(address.removeprefix(host)) if address.startswith(f"{host}/") else ""


async def _error_page(request: Request, error: TidingsError) -> Response:
    pages: Pages = request.app.state.pages
    guards: Guards = request.app.state.guards
    member = None
    with contextlib.suppress(TidingsError):
        member = await guards.person(request)  # with whom the menu is there to go on with
    return pages.show(
        request, "error.html", member, error.http, error=error, phrase=_phrase(error), request_id=request_ids.current()
    )


def _phrase(error: TidingsError) -> str:
    match error:
        case PermissionDenied():
            return "You may not do this"
        case NotFound():
            return "Nothing is here"
        case InvalidArgument():
            return "That cannot be"
        case _ if error.http >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "We cannot do this now"
        case _:
            return "That did not work"


def _ours(error: Exception) -> TidingsError:
    match error:
        case RequestValidationError():
            return InvalidArgument("the address of the page is incomplete; go back and try again")
        case HTTPException(status_code=404):
            return NotFound("there is no such page")
        case HTTPException():
            return InvalidArgument(str(error.detail))
        case _:
            return shown(error)
