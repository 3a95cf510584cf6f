"""Roles: those that every account has, and those that it made with the permission builder."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.console.rule_form import Mistake, RuleForm, sentence_of
from accounts.rest.guards import Person
from accounts.roles.models import Role
from accounts.roles.schemas import Description, RoleName
from accounts.roles.service import Roles, Wanted
from accounts.roles.system import DESCRIPTIONS, SYSTEM_ROLES
from accounts.sessions.member import Member
from api.errors import InvalidArgument, TidingsError
from api.permissions import Grant
from api.rules import Rule

LIST, NEW, ONE, DELETE = "/console/roles", "/console/roles/new", "/console/roles/one", "/console/roles/delete"
_FIELDS = {"the name": "name", "role '": "name", "the description": "description"}
_NAME: TypeAdapter[str] = TypeAdapter(RoleName)
_DESCRIPTION: TypeAdapter[str] = TypeAdapter(Description)


class RolePages:
    """The pages of roles."""

    def __init__(self, pages: Pages, roles: Roles) -> None:
        self._pages = pages
        self._roles = roles

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(NEW)(self.new)
        router.post(NEW)(self.create)
        router.get(ONE)(self.one)
        router.post(ONE)(self.change)
        router.post(DELETE)(self.delete)
        return router

    async def list(self, request: Request, person: Person) -> Response:
        """Show all roles."""
        made = await self._roles.list(person.account_id)
        shown = [(role, [sentence_of(rule) for rule in role.grant.rules]) for role in made]
        system = [(id, DESCRIPTIONS[id]) for id in SYSTEM_ROLES]
        return self._pages.show(request, "roles.html", person, made=shown, system=system)

    async def new(self, request: Request, person: Person) -> Response:
        """Show the builder with one rule."""
        return self._form(request, person, {"name": "", "description": ""}, RuleForm())

    async def create(self, request: Request, person: Person) -> Response:
        """Make a role, or show the builder as one of its buttons wants it."""
        form = await sent(request, "name", "description", "do")
        rows = await RuleForm.sent(request)
        try:
            rules = _wanted(form, rows)
            if rules is None:
                return self._form(request, person, form, rows)
            person.require_change()
            await self._roles.create(person.account_id, person.actor, *_texts(form), rules)
        except (TidingsError, Mistake) as error:
            return self._form(request, person, form, rows, _trouble(error), 400)
        return see_other(LIST, note="role-made")

    async def one(self, request: Request, person: Person, role: str) -> Response:
        """Show a role in the builder."""
        kept = await self._roles.describe(person.account_id, role)
        form = {"name": kept.name, "description": kept.description}
        return self._form(request, person, form, RuleForm.of(kept.grant.rules), role=kept)

    async def change(self, request: Request, person: Person) -> Response:
        """Change a role, or show the builder as one of its buttons wants it."""
        form = await sent(request, "role", "name", "description", "do")
        kept = await self._roles.describe(person.account_id, form["role"])
        rows = await RuleForm.sent(request, kept.grant.rules)
        try:
            rules = _wanted(form, rows)
            if rules is None:
                return self._form(request, person, form, rows, role=kept)
            person.require_change()
            name, description = _texts(form)
            await self._roles.change(person.account_id, person.actor, kept.id, Wanted(name, description, rules))
        except (TidingsError, Mistake) as error:
            return self._form(request, person, form, rows, _trouble(error), 400, kept)
        return see_other(LIST, note="role-changed")

    async def delete(self, request: Request, person: Person) -> Response:
        """Delete a role that nothing uses."""
        form = await sent(request, "role")
        person.require_change()
        kept = await self._roles.describe(person.account_id, form["role"])
        try:
            await self._roles.delete(person.account_id, person.actor, kept.id)
        except TidingsError as error:
            shown = {"name": kept.name, "description": kept.description}
            rows = RuleForm.of(kept.grant.rules)
            return self._form(request, person, shown, rows, trouble(error, {}), error.http, kept)
        return see_other(LIST, note="role-deleted")

    def _form(
        self,
        request: Request,
        person: Member,
        form: dict[str, str],
        rows: RuleForm,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
        role: Role | None = None,
    ) -> Response:
        values: dict[str, Any] = {"form": form, "rules": rows, "trouble": wrong, "role": role}
        action = ONE if role else NEW
        return self._pages.show(request, "role.html", person, status, action=action, back=url(LIST), **values)


def _wanted(form: dict[str, str], rows: RuleForm) -> tuple[Rule, ...] | None:
    """Return the rules where they are to be kept; None where a button of the builder was pressed."""
    if form["do"] in ("", "save"):
        return rows.rules()
    if form["do"] == "try":
        rows.decide(Grant(rows.rules()))
    return None


def _texts(form: dict[str, str]) -> tuple[str, str]:
    try:
        name = _NAME.validate_python(form["name"])
    except ValidationError as error:
        raise InvalidArgument("the name has 1 to 255 printable characters") from error
    try:
        return name, _DESCRIPTION.validate_python(form["description"])
    except ValidationError as error:
        raise InvalidArgument("the description has at most 255 printable characters") from error


def _trouble(error: TidingsError | Mistake) -> Trouble:
    return error.trouble if isinstance(error, Mistake) else trouble(error, _FIELDS)
