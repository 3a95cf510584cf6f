"""How a page is made: templates that escape whatever they are given, and what every page shows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from accounts.console import navigation
from accounts.console.assets import Assets
from accounts.roles.system import VIEWER
from accounts.sessions.member import Member

TEMPLATES = Path(__file__).parent / "templates"
THEMES = ("light", "dark")
THEME_COOKIE = "tidings-theme"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a form that was sent: a sentence for it all, or for one of its fields."""

    text: str = ""
    fields: Mapping[str, str] | None = None

    def of(self, field: str) -> str:
        """Return what is wrong with a field, or an empty text."""
        return (self.fields or {}).get(field, "")


NO_TROUBLE = Trouble()


class Pages:
    """Makes pages."""

    def __init__(self, assets: Assets, headers: Mapping[str, str], topics_url: str, endpoint: str) -> None:
        """Take the address of the topics' HTTP API, or an empty text where it is our own, and the host for SDKs."""
        self.endpoint = endpoint
        self._headers = headers
        self._topics_url = topics_url
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        shared: dict[str, Any] = self._templates.globals
        shared.update(asset=assets.url, url=url, navigation=navigation.GROUPS, installation=navigation.INSTALLATION)
        self._templates.filters.update(moment=moment, day=day, number=number, size=size, sentence=sentence, rate=rate)

    def topics_url(self, request: Request) -> str:
        """Return where topics are published to and read from: scheme, host and port."""
        return self._topics_url or str(request.base_url).rstrip("/")

    def show(
        self, request: Request, template: str, member: Member | None = None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Return a page made of a template."""
        theme = request.cookies.get(THEME_COOKIE, "")
        shared: dict[str, Any] = {
            "path": request.url.path,
            "here": own_address(request),
            "theme": theme if theme in THEMES else "",
            "member": member,
            "is_looking": member is not None and not member.user_id,
            "may_change": member is not None and member.role_id != VIEWER,
            "note": navigation.NOTES.get(request.query_params.get("note", ""), ""),
            "trouble": NO_TROUBLE,
            "topics_url": self.topics_url(request),
        }
        text = self._templates.get_template(template).render({**shared, **values})
        return HTMLResponse(text, status, headers=dict(self._headers))


def own_address(request: Request) -> str:
    """Return the path that a request came to, with its query where it can be asked for again."""
    query = request.url.query if request.method == "GET" else ""
    return without_note(f"{request.url.path}?{query}" if query else request.url.path)


def without_note(address: str) -> str:
    """Return a path and its query without what was told on the page: that was once, and is over."""
    path, _, query = address.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair.partition("=")[0] != "note")
    return f"{path}?{kept}" if kept else path


def url(path: str, **query: str | int) -> str:
    """Return a path with a query, escaped."""
    filled = {name: value for name, value in query.items() if value != ""}
    return f"{path}?{urlencode(filled, quote_via=quote)}" if filled else path


def see_other(path: str, **query: str | int) -> RedirectResponse:
    """Return where a browser goes on after a form was sent."""
    return RedirectResponse(url(path, **query), 303, headers={"cache-control": "no-store"})


def own_path(text: str, otherwise: str) -> str:
    """Return a path of ours that came with a request; `otherwise` for whatever could lead elsewhere."""
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if is_ours else otherwise


def moment(seconds: int) -> str:
    """Return an epoch second as date and time."""
    return _utc("%d %b %Y, %H:%M UTC", seconds)


def day(seconds: int) -> str:
    """Return an epoch second as a date."""
    return _utc("%d %b %Y", seconds)


def _utc(form: str, seconds: int) -> str:
    return time.strftime(form, time.gmtime(seconds))  # a datetime ends with the year 9999, and a key may hold on


def number(value: float) -> str:
    """Return a number with its thousands set apart."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def rate(value: float) -> str:
    """Return how often something happens in a second, to two digits or so."""
    return number(value) if value >= 100 else f"{value:.3g}"


def size(number_of_bytes: float) -> str:
    """Return a number of bytes in the unit in which it reads best."""
    value, unit = float(number_of_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if value >= 100 or value == int(value) else f"{value:.1f} {unit}"


def sentence(message: str) -> str:
    """Return an error's message as it reads on a page; one that begins with a field of the API has it as words."""
    first, space, rest = message.partition(" ")
    words = first.replace("_", " ") + space + rest if first.isidentifier() else message
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")
