"""Signing up, logging in and logging out."""

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import LOG_IN, PageRoute
from accounts.console.pages import Pages, own_path, see_other
from accounts.rest.guards import Guards, address_of, check_origin
from accounts.sessions.attempts import Attempts
from accounts.sessions.service import Sessions
from accounts.users.service import Users
from api.errors import TidingsError, Unauthenticated

HOME = "/console"
_FIELDS = {
    "the e-mail": "email",
    "somebody has": "email",
    "a password": "password",
    "an account's name": "account_name",
}


def routes(pages: Pages, users: Users, sessions: Sessions, guards: Guards, attempts: Attempts) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get("/signup")
    async def sign_up_form(request: Request) -> Response:
        return pages.show(request, "signup.html", form={"email": "", "account_name": ""})

    @router.post("/signup")
    async def sign_up(request: Request) -> Response:
        check_origin(request)
        form = await sent(request, "email", "password", "account_name")
        try:
            attempts.count(address_of(request), form["email"])
            made = await users.sign_up(
                form["email"], form["password"], form["account_name"], address=address_of(request)
            )
        except TidingsError as error:
            return pages.show(request, "signup.html", status=error.http, form=form, trouble=trouble(error, _FIELDS))
        response = see_other("/console/start")
        guards.cookie.set(response, made.secret)
        return response

    @router.get(LOG_IN)
    async def log_in_form(request: Request) -> Response:
        return pages.show(request, "login.html", form={"email": "", "next": request.query_params.get("next", "")})

    @router.post(LOG_IN)
    async def log_in(request: Request) -> Response:
        check_origin(request)
        form = await sent(request, "email", "password", "next")
        try:
            attempts.count(address_of(request), form["email"])
            begun = await users.log_in(form["email"], form["password"], address_of(request))
        except TidingsError as error:
            status = 401 if isinstance(error, Unauthenticated) else error.http
            return pages.show(request, "login.html", status=status, form=form, trouble=trouble(error, _FIELDS))
        attempts.forgive(form["email"])
        await sessions.end(request.cookies.get(guards.cookie.name, ""))
        response = see_other(own_path(form["next"], HOME))
        guards.cookie.set(response, begun.secret)
        return response

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        check_origin(request)
        await sessions.end(request.cookies.get(guards.cookie.name, ""))
        response = see_other(LOG_IN, note="logged-out")
        guards.cookie.clear(response)
        return response

    return router
