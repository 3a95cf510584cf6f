"""First steps: a cache and a key with one button, programs to paste, and word of the first message."""

import contextlib

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.page_tokens import PageTokens
from accounts.console.pages import Pages
from accounts.console.snippets import all_of
from accounts.keys.service import Keys
from accounts.rest.guards import Person
from accounts.roles.system import OPERATOR
from api.errors import AlreadyExists, TidingsError
from api.names import checked_cache_name

PATH = "/console/start"
FIRST_CACHE, FIRST_TOPIC = "first-cache", "hello"


def routes(pages: Pages, caches: Caches, keys: Keys, tokens: PageTokens) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(PATH)
    async def start(request: Request, person: Person) -> Response:
        found = await caches.list(person.account_id)
        name = found[0].name if found else FIRST_CACHE
        return pages.show(request, "start.html", person, form={"cache": name}, known=[cache.name for cache in found])

    @router.post(PATH)
    async def begin(request: Request, person: Person) -> Response:
        form = await sent(request, "cache")
        try:
            person.require_grant(OPERATOR)
            name = checked_cache_name(form["cache"])
            with contextlib.suppress(AlreadyExists):  # whoever sends the form again wants another key for the cache
                await caches.create(person.account_id, person.actor, name)
            key, _ = await keys.generate(
                person.account_id, person.actor, OPERATOR, f"first steps with {name}"[:255], None
            )
        except TidingsError as error:
            wrong = trouble(error, {"cache name": "cache"})
            return pages.show(request, "start.html", person, error.http, form=form, known=[], trouble=wrong)
        return pages.show(
            request,
            "started.html",
            person,
            cache=name,
            topic=FIRST_TOPIC,
            key=key,
            snippets=all_of(pages.topics_url(request), pages.endpoint, name, FIRST_TOPIC),
            page_token=await tokens.mint(person, name, FIRST_TOPIC, read_only=True),
        )

    return router
