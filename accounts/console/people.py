"""Signing up, logging in and logging out, and the pages that mails lead to."""

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import LOG_IN, PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, own_path, see_other, url
from accounts.rest.entrance import Entrance
from accounts.sessions.log_ins import CodeNeeded
from api.errors import TidingsError, Unauthenticated

HOME, START = "/console", "/console/start"
_FIELDS = {
    "the e-mail": "email",
    "somebody has": "email",
    "a password": "password",
    "an account's name": "account_name",
    "the code": "code",
}


def routes(pages: Pages, entrance: Entrance, *, sends_mails: bool) -> APIRouter:
    """Return the pages. Without `sends_mails`, whoever runs the installation finds in a folder what would be sent."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)
    _sign_up(router, pages, entrance)
    _confirmation(router, pages, entrance)
    _log_in(router, pages, entrance)
    _forgotten_password(router, pages, entrance, sends_mails=sends_mails)
    _invitation(router, pages, entrance)

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        response = see_other(LOG_IN, note="logged-out")
        await entrance.let_out(request, response)
        return response

    return router


def _sign_up(router: APIRouter, pages: Pages, entrance: Entrance) -> None:
    @router.get("/signup")
    async def form(request: Request) -> Response:
        return pages.show(request, "signup.html", form={"email": "", "account_name": ""})

    @router.post("/signup")
    async def sign_up(request: Request) -> Response:
        form = await sent(request, "email", "password", "account_name")
        try:
            made = await entrance.sign_up(request, form["email"], form["password"], form["account_name"])
        except TidingsError as error:
            return pages.show(request, "signup.html", status=error.http, form=form, trouble=trouble(error, _FIELDS))
        if made is None:
            return see_other(LOG_IN, note="confirm")
        response = see_other(START)
        await entrance.let_in(request, response, made)
        return response


def _confirmation(router: APIRouter, pages: Pages, entrance: Entrance) -> None:
    @router.get("/confirm")
    async def confirm_form(request: Request) -> Response:
        return pages.show(request, "confirm.html", form={"token": request.query_params.get("token", "")})

    @router.post("/confirm")
    async def confirm(request: Request) -> Response:
        form = await sent(request, "token")
        try:
            made = await entrance.confirm_sign_up(request, form["token"])
        except TidingsError as error:
            return pages.show(request, "confirm.html", status=error.http, form=form, trouble=trouble(error, _FIELDS))
        response = see_other(START)
        await entrance.let_in(request, response, made)
        return response

    @router.get("/confirm-email")
    async def confirm_email_form(request: Request) -> Response:
        return pages.show(request, "confirm-email.html", form={"token": request.query_params.get("token", "")})

    @router.post("/confirm-email")
    async def confirm_email(request: Request) -> Response:
        form = await sent(request, "token")
        try:
            await entrance.confirm_email(request, form["token"])
        except TidingsError as error:
            told = trouble(error, _FIELDS)
            return pages.show(request, "confirm-email.html", status=error.http, form=form, trouble=told)
        return see_other(HOME, note="email-confirmed")


def _log_in(router: APIRouter, pages: Pages, entrance: Entrance) -> None:
    @router.get(LOG_IN)
    async def form(request: Request) -> Response:
        return pages.show(request, "login.html", form={"email": "", "next": request.query_params.get("next", "")})

    @router.post(LOG_IN)
    async def log_in(request: Request) -> Response:
        form = await sent(request, "email", "password", "next")
        try:
            found = await entrance.log_in(request, form["email"], form["password"])
        except TidingsError as error:
            status = 401 if isinstance(error, Unauthenticated) else error.http
            return pages.show(request, "login.html", status=status, form=form, trouble=trouble(error, _FIELDS))
        if isinstance(found, CodeNeeded):
            return pages.show(request, "login-code.html", form={"ticket": found.ticket, "next": form["next"]})
        response = see_other(own_path(form["next"], HOME))
        await entrance.let_in(request, response, found)
        return response

    @router.post("/login/code")
    async def show_code(request: Request) -> Response:
        form = await sent(request, "ticket", "code", "next")
        try:
            found = await entrance.show_code(request, form["ticket"], form["code"])
        except TidingsError as error:
            told = trouble(error, _FIELDS)
            return pages.show(request, "login-code.html", status=error.http, form=form, trouble=told)
        response = see_other(own_path(form["next"], HOME))
        await entrance.let_in(request, response, found)
        return response


def _forgotten_password(router: APIRouter, pages: Pages, entrance: Entrance, *, sends_mails: bool) -> None:
    def show(request: Request, email: str, told: Trouble = NO_TROUBLE, status: int = 200) -> Response:
        form = {"email": email}
        return pages.show(request, "forgotten.html", status=status, form=form, trouble=told, sends_mails=sends_mails)

    @router.get("/forgotten")
    async def form(request: Request) -> Response:
        return show(request, "")

    @router.post("/forgotten")
    async def ask(request: Request) -> Response:
        form = await sent(request, "email")
        try:
            await entrance.ask_for_password(request, form["email"])
        except TidingsError as error:
            return show(request, form["email"], trouble(error, _FIELDS), error.http)
        return see_other(LOG_IN, note="reset-sent" if sends_mails else "reset-written")

    @router.get("/reset")
    async def reset_form(request: Request) -> Response:
        return pages.show(request, "reset.html", form={"token": request.query_params.get("token", "")})

    @router.post("/reset")
    async def reset(request: Request) -> Response:
        form = await sent(request, "token", "password")
        try:
            await entrance.reset_password(request, form["token"], form["password"])
        except TidingsError as error:
            told = trouble(error, _FIELDS)
            return pages.show(request, "reset.html", status=error.http, form=form, trouble=told)
        return see_other(LOG_IN, note="password-set")


def _invitation(router: APIRouter, pages: Pages, entrance: Entrance) -> None:
    async def show(request: Request, token: str, error: TidingsError | None = None) -> Response:
        told = NO_TROUBLE if error is None else trouble(error, _FIELDS)
        status = 200 if error is None else error.http
        try:
            preview = await entrance.preview_invitation(request, token)
        except TidingsError as gone:
            preview, told, status = None, told if error else trouble(gone, _FIELDS), status if error else gone.http
        log_in = url(LOG_IN, next=url("/invitation", token=token))
        form = {"token": token, "log_in": log_in}
        return pages.show(request, "invitation.html", status=status, form=form, preview=preview, trouble=told)

    @router.get("/invitation")
    async def form(request: Request) -> Response:
        return await show(request, request.query_params.get("token", ""))

    @router.post("/invitation")
    async def accept(request: Request) -> Response:
        form = await sent(request, "token", "password")
        try:
            found = await entrance.accept_invitation(request, form["token"], form["password"] or None)
        except Unauthenticated as error:
            if form["password"]:
                return await show(request, form["token"], error)
            return see_other(LOG_IN, next=url("/invitation", token=form["token"]))
        except TidingsError as error:
            return await show(request, form["token"], error)
        response = see_other(HOME, note="joined")
        if found.secret:
            await entrance.let_in(request, response, found)
        return response
