"""Caches: the list, a new one, one of them with its bounds and its traffic, and its end."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.caches.busiest import BusiestTopics
from accounts.caches.models import Cache
from accounts.caches.service import Caches
from accounts.console import cache_bounds, usage
from accounts.console.forms import sent, trouble
from accounts.console.gaps import NAMES
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.console.snippets import all_of
from accounts.gaps.repository import Sought
from accounts.gaps.service import Gaps
from accounts.paging import PageRequest
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from accounts.usage.reports import Reports
from api.account import SLOW_READER_POLICIES, SlowReaderPolicy
from api.errors import InvalidArgument, TidingsError, Unavailable
from api.names import checked_cache_name
from backplane.busiest import HeardTopics

LIST, NEW, ONE = "/console/caches", "/console/caches/new", "/console/caches/one"
PAGE_LENGTH = 50
MOST_GAPS = 5
POLICIES: tuple[tuple[SlowReaderPolicy, str], ...] = (
    ("drop_oldest", "Go on with the oldest item that is left"),
    ("keep_latest", "Go on with the newest item"),
    ("disconnect", "End the stream"),
)
_FIELDS = {"cache name": "name", "cache '": "name", "durable caches": "durable"}
_BOUNDS = {f"history.{name}": name for name, _ in cache_bounds.HISTORY}


class CachePages:
    """The pages of an account's caches."""

    def __init__(
        self,
        pages: Pages,
        caches: Caches,
        busiest: BusiestTopics,
        reports: Reports,
        gaps: Gaps,
        *,
        offers_durable: bool,
    ) -> None:
        self._pages = pages
        self._caches = caches
        self._busiest = busiest
        self._reports = reports
        self._gaps = gaps
        self._offers_durable = offers_durable

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(NEW)(self.new)
        router.post(NEW)(self.create)
        router.get(ONE)(self.one)
        router.post("/console/caches/durable")(self.durable)
        router.post("/console/caches/bounds")(self.bounds)
        router.post("/console/caches/slow-readers")(self.slow_readers)
        router.post("/console/caches/flush")(self.flush)
        router.post("/console/caches/delete")(self.delete)
        return router

    async def list(self, request: Request, person: Person, search: str = "", start: int = 0) -> Response:
        """Show the caches whose names hold `search`, some at a time."""
        found = await self._caches.list(person.account_id)
        matching = [cache for cache in found if search.casefold() in cache.name.casefold()]
        first = max(0, start)
        after = first + PAGE_LENGTH
        return self._pages.show(
            request,
            "caches.html",
            person,
            caches=matching[first:after],
            matching=len(matching),
            total=len(found),
            search=search,
            begin=url(LIST, search=search) if first else "",
            next=url(LIST, search=search, start=after) if len(matching) > after else "",
        )

    async def new(self, request: Request, person: Person) -> Response:
        """Show the form for a new cache."""
        return self._form(request, person, {"name": "", "durable": ""})

    async def create(self, request: Request, person: Person) -> Response:
        """Make a cache."""
        form = await sent(request, "name", "durable")
        try:
            person.require_change()
            name = checked_cache_name(form["name"])
            await self._caches.create(person.account_id, person.actor, name, {"durable": bool(form["durable"])})
        except TidingsError as error:
            return self._form(request, person, form, trouble(error, _FIELDS), error.http)
        return see_other(ONE, cache=name, note="cache-made")

    async def one(self, request: Request, person: Person, cache: str) -> Response:
        """Show a cache."""
        return await self._one(request, person, await self._caches.describe(person.account_id, cache))

    async def durable(self, request: Request, person: Person) -> Response:
        """Make a cache durable, or no longer."""
        form = await sent(request, "cache", "durable")
        person.require_change()
        wanted = {"durable": bool(form["durable"])}
        await self._caches.change(person.account_id, person.actor, form["cache"], wanted)
        return see_other(ONE, cache=form["cache"], note="cache-changed")

    async def bounds(self, request: Request, person: Person) -> Response:
        """Change the limits of a cache, and the bounds of what its topics keep."""
        form = await sent(request, "cache", *cache_bounds.NAMES)
        person.require_change()
        cache = await self._caches.describe(person.account_id, form["cache"])
        try:
            await self._caches.change(person.account_id, person.actor, cache.name, cache_bounds.changes(form))
        except cache_bounds.Mistake as mistake:
            return await self._one(request, person, cache, mistake.trouble, bounds=form)
        except TidingsError as error:
            return await self._one(request, person, cache, trouble(error, _BOUNDS), bounds=form)
        return see_other(ONE, cache=cache.name, note="bounds-changed")

    async def slow_readers(self, request: Request, person: Person) -> Response:
        """Change what becomes of streams that fall behind."""
        form = await sent(request, "cache", "slow_reader_policy")
        person.require_change()
        wanted = form["slow_reader_policy"]
        if wanted not in SLOW_READER_POLICIES:
            raise InvalidArgument("there is no such slow reader policy; choose one of the page's")
        await self._caches.change(person.account_id, person.actor, form["cache"], {"slow_reader_policy": wanted})
        return see_other(ONE, cache=form["cache"], note="slow-readers-changed")

    async def flush(self, request: Request, person: Person) -> Response:
        """Empty a cache of its items."""
        form = await sent(request, "cache")
        person.require_change()
        await self._caches.flush(person.account_id, form["cache"])
        return see_other(ONE, cache=form["cache"], note="cache-flushed")

    async def delete(self, request: Request, person: Person) -> Response:
        """Delete a cache whose name was typed once more."""
        form = await sent(request, "cache", "confirmation")
        person.require_change()
        cache = await self._caches.describe(person.account_id, form["cache"])
        if form["confirmation"].strip() != cache.name:
            wrong = Trouble(fields={"confirmation": "This is not the cache's name; type it as it is written above."})
            return await self._one(request, person, cache, wrong, confirmation=form["confirmation"])
        await self._caches.delete(person.account_id, person.actor, cache.name)
        return see_other(LIST, note="cache-deleted")

    def _form(
        self, request: Request, person: Member, form: dict[str, str], wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        offered = self._offers_durable
        return self._pages.show(
            request, "cache-new.html", person, status, form=form, trouble=wrong, offers_durable=offered
        )

    async def _one(
        self, request: Request, person: Member, cache: Cache, wrong: Trouble = NO_TROUBLE, **filled: Any
    ) -> Response:
        hour = await self._reports.report(person.account_id, usage.question("hour", cache=cache.name))
        gaps = await self._gaps.page(Sought(person.account_id, cache.name), PageRequest(MOST_GAPS))
        shown: dict[str, Any] = {"confirmation": "", "bounds": cache_bounds.filled(cache), **filled}
        return self._pages.show(
            request,
            "cache.html",
            person,
            400 if wrong.fields or wrong.text else 200,
            cache=cache,
            trouble=wrong,
            limits=cache_bounds.LIMITS,
            history=cache_bounds.HISTORY,
            hour=usage.chart(hour, "hour", "messages"),
            refusals=usage.refusals(hour.rows),
            gaps=gaps.items,
            causes=NAMES,
            heard=await self._heard(person.account_id, cache),
            policies=POLICIES,
            offers_durable=self._offers_durable,
            snippets=all_of(self._pages.topics_url(request), self._pages.endpoint, cache.name, "hello"),
            **shown,
        )

    async def _heard(self, account_id: str, cache: Cache) -> HeardTopics | None:
        """Return the busiest topics; None where routers cannot be asked, and the rest of the page is still of use."""
        try:
            return await self._busiest.of(account_id, cache.name)
        except Unavailable:
            return None
