"""Webhooks of topics: the list, a new one, one of them with its deliveries and dead letters, and its end."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.paging import PageRequest
from accounts.posting import Posting
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from accounts.webhook_deliveries.service import DEAD
from accounts.webhooks.names import checked_webhook_name
from accounts.webhooks.secrets import OVERLAP_SECONDS
from accounts.webhooks.service import LARGEST_CONCURRENCY, LARGEST_RATE, Wanted
from api.errors import TidingsError
from api.names import checked_cache_name, checked_topic_name

LIST, NEW, ONE = "/console/webhooks", "/console/webhooks/new", "/console/webhooks/one"
DELIVERIES_SHOWN = 20
LETTERS_SHOWN = 20
OVERLAPS = (
    ("0", "Not at all"),
    ("3600", "For an hour"),
    ("86400", "For a day"),
    ("604800", "For a week"),
)
NEW_FIELDS = ("cache", "topic", "name", "url", "concurrency", "rate")
CHANGED_FIELDS = ("url", "concurrency", "rate")
MOST = {"concurrency": LARGEST_CONCURRENCY, "rate": LARGEST_RATE}
_FIELDS = {"a webhook name": "name", "webhook '": "name", "topic name": "topic", "cache": "cache", "'": "url"}


class WebhookPages:
    """The pages of webhooks."""

    def __init__(self, pages: Pages, posting: Posting, caches: Caches) -> None:
        self._pages = pages
        self._webhooks = posting.webhooks
        self._deliveries = posting.deliveries
        self._caches = caches

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(NEW)(self.new)
        router.post(NEW)(self.make)
        router.get(ONE)(self.one)
        router.post("/console/webhooks/change")(self.change)
        router.post("/console/webhooks/secret")(self.secret)
        router.post("/console/webhooks/rotate")(self.rotate)
        router.post("/console/webhooks/replay")(self.replay)
        router.post("/console/webhooks/discard")(self.discard)
        router.post("/console/webhooks/delete")(self.delete)
        return router

    async def list(self, request: Request, person: Person, after: str = "") -> Response:
        """Show the webhooks and how they are."""
        page = await self._webhooks.page(person.account_id, None, PageRequest(next_token=after or None))
        dead = await self._deliveries.dead_letters([row.id for row, _ in page.items])
        return self._pages.show(
            request,
            "webhooks.html",
            person,
            webhooks=[(row, cache, dead.get(row.id, 0)) for row, cache in page.items],
            begin=LIST if after else "",
            next=url(LIST, after=page.next_token) if page.next_token else "",
        )

    async def new(self, request: Request, person: Person) -> Response:
        """Show the form for a new webhook."""
        return await self._form(request, person, {**dict.fromkeys(NEW_FIELDS, ""), "concurrency": "1", "rate": "100"})

    async def make(self, request: Request, person: Person) -> Response:
        """Make a webhook."""
        form = await sent(request, *NEW_FIELDS)
        if wrong := _wrong_numbers(form):
            return await self._form(request, person, form, Trouble(fields=wrong), 400)
        try:
            person.require_change()
            names = checked_cache_name(form["cache"]), checked_webhook_name(form["name"])
            wanted = Wanted(
                checked_topic_name(form["topic"]), form["url"].strip(), int(form["concurrency"]), int(form["rate"])
            )
            row, _ = await self._webhooks.make(person.account_id, person.actor, names, wanted)
        except TidingsError as error:
            return await self._form(request, person, form, trouble(error, _FIELDS), error.http)
        return see_other(ONE, webhook=row.id, note="webhook-made")

    async def one(self, request: Request, person: Person, webhook: str, after: str = "") -> Response:
        """Show a webhook."""
        return await self._one(request, person, webhook, after=after)

    async def change(self, request: Request, person: Person) -> Response:
        """Change where a webhook posts to, and how much at most; its topic and its place in it stay."""
        form = await sent(request, "webhook", *CHANGED_FIELDS)
        person.require_change()
        row, _ = await self._webhooks.read(person.account_id, form["webhook"])
        if wrong := _wrong_numbers(form):
            return await self._one(request, person, row.id, form=form, wrong=Trouble(fields=wrong), status=400)
        wanted = Wanted(row.topic, form["url"].strip(), int(form["concurrency"]), int(form["rate"]))
        try:
            await self._webhooks.change(person.account_id, person.actor, row.id, wanted)
        except TidingsError as error:
            told = trouble(error, _FIELDS)
            return await self._one(request, person, row.id, form=form, wrong=told, status=error.http)
        return see_other(ONE, webhook=row.id, note="webhook-changed")

    async def secret(self, request: Request, person: Person) -> Response:
        """Show a webhook with its secret."""
        form = await sent(request, "webhook")
        person.require_change()
        row, _ = await self._webhooks.read(person.account_id, form["webhook"])
        return await self._one(request, person, row.id, secret=self._webhooks.secret(row))

    async def rotate(self, request: Request, person: Person) -> Response:
        """Give a webhook another secret, and show it."""
        form = await sent(request, "webhook", "overlap")
        person.require_change()
        seconds = int(form["overlap"]) if form["overlap"] in dict(OVERLAPS) else OVERLAP_SECONDS
        row, secret = await self._webhooks.rotate(person.account_id, person.actor, form["webhook"], seconds)
        return await self._one(request, person, row.id, secret=secret)

    async def replay(self, request: Request, person: Person) -> Response:
        """Have a dead letter sent once more, or all of them where none is named."""
        form = await sent(request, "webhook", "letter")
        person.require_change()
        await self._deliveries.replay(person.account_id, person.actor, form["webhook"], form["letter"] or None)
        return see_other(ONE, webhook=form["webhook"], note="letters-replayed")

    async def discard(self, request: Request, person: Person) -> Response:
        """Discard a dead letter."""
        form = await sent(request, "webhook", "letter")
        person.require_change()
        await self._deliveries.discard(person.account_id, person.actor, form["webhook"], form["letter"])
        return see_other(ONE, webhook=form["webhook"], note="letter-discarded")

    async def delete(self, request: Request, person: Person) -> Response:
        """Delete a webhook."""
        form = await sent(request, "webhook")
        person.require_change()
        await self._webhooks.delete(person.account_id, person.actor, form["webhook"])
        return see_other(LIST, note="webhook-deleted")

    async def _one(
        self,
        request: Request,
        person: Member,
        webhook_id: str,
        *,
        after: str = "",
        secret: str = "",
        form: Mapping[str, str] | None = None,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
    ) -> Response:
        row, cache = await self._webhooks.read(person.account_id, webhook_id)
        asked = PageRequest(LETTERS_SHOWN, after or None)
        letters = await self._deliveries.page(person.account_id, row.id, asked, DEAD)
        delivered = PageRequest(DELIVERIES_SHOWN)
        shown: dict[str, Any] = {
            "webhook": row,
            "cache": cache,
            "secret": secret,
            "form": form or {"url": row.url, "concurrency": str(row.concurrency), "rate": str(row.per_second)},
            "trouble": wrong,
            "overlaps": OVERLAPS,
            "usual": str(OVERLAP_SECONDS),
            "dead": (await self._deliveries.dead_letters([row.id])).get(row.id, 0),
            "letters": [(each, self._deliveries.event(each)) for each in letters.items],
            "deliveries": (await self._deliveries.page(person.account_id, row.id, delivered)).items,
            "begin": url(ONE, webhook=row.id) if after else "",
            "next": url(ONE, webhook=row.id, after=letters.next_token) if letters.next_token else "",
        }
        return self._pages.show(request, "webhook.html", person, status, **shown)

    async def _form(
        self, request: Request, person: Member, form: dict[str, str], wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        caches = [(cache.name, cache.name) for cache in await self._caches.list(person.account_id)]
        return self._pages.show(request, "webhook-new.html", person, status, form=form, trouble=wrong, caches=caches)


def _wrong_numbers(form: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the numbers of the form, by field."""
    return {
        name: f"Must be a whole number from 1 to {most}."
        for name, most in MOST.items()
        if not (form[name].isdecimal() and len(form[name]) <= 4 and 1 <= int(form[name]) <= most)
    }
