"""Disposable tokens: made with the permission builder and shown this once; and any token, asked what it may do."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.caller import Callers
from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble
from accounts.console.rule_form import Mistake, RuleForm, sentence_of
from accounts.rest.guards import Person
from accounts.roles.service import Roles
from accounts.roles.system import SYSTEM_ROLES
from accounts.sessions.member import Member
from accounts.tokens.service import LONGEST_TOKEN_ID, Tokens
from api.errors import InvalidArgument, NotFound, TidingsError
from api.permissions import SUPER_USER, Grant
from api.tokens import Claims, pack_credential

NEW, TESTER = "/console/tokens", "/console/tokens/tester"
VALIDITIES = (("300", "5 minutes"), ("3600", "an hour"), ("43200", "12 hours"), ("90000", "25 hours"))
_FIELDS = {"token_id": "token_id", "the validity": "validity"}


class TokenPages:
    """The pages of tokens."""

    def __init__(self, pages: Pages, tokens: Tokens, callers: Callers, roles: Roles, endpoint: str) -> None:
        self._pages = pages
        self._tokens = tokens
        self._callers = callers
        self._roles = roles
        self._endpoint = endpoint

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(NEW)(self.new)
        router.post(NEW)(self.mint)
        router.get(TESTER)(self.tester)
        router.post(TESTER)(self.test)
        return router

    async def new(self, request: Request, person: Person) -> Response:
        """Show the builder with one rule."""
        return self._form(request, person, {"token_id": "", "validity": "3600"}, RuleForm())

    async def mint(self, request: Request, person: Person) -> Response:
        """Make a token and show it, or show the builder as one of its buttons wants it."""
        form = await sent(request, "token_id", "validity", "do")
        rows = await RuleForm.sent(request)
        try:
            if form["do"] not in ("", "save"):
                if form["do"] == "try":
                    rows.decide(Grant(rows.rules()))
                return self._form(request, person, form, rows)
            person.require_change()
            seconds, token_id = _checked(form)
            token, claims = await self._tokens.mint(person.minter, rows.rules(), seconds, token_id)
        except Mistake as mistake:
            return self._form(request, person, form, rows, mistake.trouble, 400)
        except TidingsError as error:
            return self._form(request, person, form, rows, trouble(error, _FIELDS), error.http)
        sentences = [sentence_of(rule) for rule in claims.rules]
        packed = pack_credential(self._endpoint, token)
        return self._pages.show(
            request, "token-made.html", person, token=token, packed=packed, claims=claims, sentences=sentences
        )

    async def tester(self, request: Request, person: Person) -> Response:
        """Show the form that asks what a token may do."""
        return self._pages.show(request, "token-tester.html", person, form={"token": ""}, rules=RuleForm(), found=None)

    async def test(self, request: Request, person: Person) -> Response:
        """Say what a token of this account may do."""
        form, rows = await sent(request, "token"), await RuleForm.sent(request)
        wrong, found, status = NO_TROUBLE, None, 200
        try:
            claims = (await self._callers.caller(form["token"].strip())).claims
            if claims.account_id != person.account_id:
                raise NotFound("the token is not one of this account")
            grant = await self._grant(claims)
            found = (claims, ["everything, and administer the account"] if grant.super_user else _sentences(grant))
            rows.decide(grant)
        except TidingsError as error:
            wrong, status = trouble(error, {}), error.http if error.http != 401 else 400
        return self._pages.show(
            request, "token-tester.html", person, status, form=form, rules=rows, found=found, trouble=wrong
        )

    async def _grant(self, claims: Claims) -> Grant:
        if claims.kind == "session":
            return SUPER_USER
        if claims.kind == "key":
            system = SYSTEM_ROLES.get(claims.role_id)
            return system or (await self._roles.describe(claims.account_id, claims.role_id)).grant
        return Grant(claims.rules) if claims.rules else Grant.of(claims.permissions)

    def _form(
        self,
        request: Request,
        person: Member,
        form: dict[str, str],
        rows: RuleForm,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
    ) -> Response:
        values: dict[str, Any] = {"form": form, "rules": rows, "trouble": wrong, "validities": VALIDITIES}
        return self._pages.show(request, "token.html", person, status, **values)


def _checked(form: dict[str, str]) -> tuple[int, str]:
    """Return for how many seconds the token is to hold, and its id."""
    token_id = form["token_id"].strip()
    if len(token_id) > LONGEST_TOKEN_ID or not token_id.isprintable():
        raise InvalidArgument(f"token_id has at most {LONGEST_TOKEN_ID} printable characters")
    if form["validity"] not in dict(VALIDITIES):
        raise InvalidArgument("the validity must be one of the list")
    return int(form["validity"]), token_id


def _sentences(grant: Grant) -> list[str]:
    return [sentence_of(rule) for rule in grant.rules]
