"""The audit log: who changed what, when and from where, with what was before and after."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.audit.log import AuditLog
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, url
from accounts.paging import PageRequest
from accounts.rest.guards import Person

PATH = "/console/audit"
NOUNS = {
    "cache": "Caches",
    "api_key": "API keys",
    "role": "Roles",
    "limits": "Limits",
    "member": "Members",
    "invitation": "Invitations",
    "budget": "Budgets",
    "topic_webhook": "Webhooks",
    "dead_letters": "Dead letters",
    "session": "Sessions",
    "invoice": "Invoices",
    "account": "Account",
    "user": "Users",
}
"""The kinds of changes to choose from, by the noun that their actions begin with."""
_ABSENT = "nothing"


def routes(pages: Pages, log: AuditLog) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(PATH)
    async def audit(request: Request, person: Person, about: str = "", after: str = "") -> Response:
        noun = about if about in NOUNS else ""
        page = await log.page(person.account_id, PageRequest(next_token=after or None), noun)
        return pages.show(
            request,
            "audit.html",
            person,
            entries=[(entry, changes(entry.before, entry.after)) for entry in page.items],
            about=noun,
            nouns=[("", "Everything"), *NOUNS.items()],
            begin=url(PATH, about=noun) if after else "",
            next=url(PATH, about=noun, after=page.next_token) if page.next_token else "",
        )

    return router


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return the fields that differ: their name, as they were, and as they are."""
    old, new = before or {}, after or {}
    names = [name for name in (*old, *(name for name in new if name not in old)) if old.get(name) != new.get(name)]
    return [(name, _text(old, name), _text(new, name)) for name in names]


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return _ABSENT if value is None or value == "" else str(value)
