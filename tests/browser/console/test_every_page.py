"""Each page, by day and by night, narrow and wide: accessible, within its window, and quiet."""

from http import HTTPStatus

import httpx

from tests.browser.console.conftest import Visit
from tests.browser.console.test_operators import appoint, open_account
from tests.browser.console.test_security import set_up
from tests.browser.console.test_team import invite
from tests.browser.console.visit import Visitor
from tests.e2e.service import until

NARROW = "[...document.querySelectorAll('.scroll tbody th')].filter(e => e.offsetWidth < 100).map(e => e.innerText)"
"""What rows are called, where a letter or two fit into a line."""

CUT_OFF = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
"""What can be seen by scrolling aside only."""

HOLES = """[...document.querySelectorAll('.gauges')].filter(gauges => {
    const last = gauges.lastElementChild.getBoundingClientRect();
    return gauges.getBoundingClientRect().right - last.right > 2;
}).map(gauges => gauges.innerText)"""
"""Gauges with an empty place after the last one."""

PUBLIC = ("/", "/signup", "/login", "/docs")
EMPTY = (
    "/console",
    "/console/roles",
    "/console/usage",
    "/console/billing",
    "/console/caches",
    "/console/keys",
    "/console/playground",
    "/console/inspector",
)
FULL = (
    "/console",
    "/console/start",
    "/console/caches",
    "/console/caches?search=nothing",
    "/console/caches/new",
    "/console/caches/one?cache=chat",
    "/console/keys",
    "/console/keys/new",
    "/console/playground?cache=chat&topic=lobby",
    "/console/inspector?cache=chat",
    "/console/webhooks",
    "/console/webhooks/new",
    "/console/roles/new",
    "/console/tokens",
    "/console/tokens/tester",
    "/console/billing/plan",
    "/console/budgets",
    "/console/audit",
    "/console/budgets/new",
    "/console/billing/profile",
    "/console/usage?span=hour&by=cache",
    "/console/security",
    "/console/account",
    "/console/team",
    "/console/limits",
    "/console/nowhere",
)

OPERATING = (
    "/console/operator/accounts",
    "/console/operator/system",
    "/console/operator/jobs",
    "/console/operator/plans",
    "/console/operator/reconciliation",
)


def test_pages_are_accessible_by_day_and_night_and_fit_a_phone(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_up()
    check(visitor, *EMPTY)
    begin(visitor)
    look(visitor)
    check(visitor, *FULL)
    check_forms(visitor)
    visitor.context.clear_cookies()
    check(visitor, *PUBLIC)


def test_usage_is_downloaded_as_a_table(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_up()
    visitor.page.goto("/console/usage")
    with visitor.page.expect_download() as downloading:
        visitor.page.get_by_role("link", name="Export CSV").click()
    assert "operations" in downloading.value.path().read_text().splitlines()[0].split(",")


def test_a_phone_shows_how_often_something_was_refused_and_no_empty_gauge(visit: Visit) -> None:
    visitor = visit(width=390)
    visitor.sign_up()
    publish(visitor.service.url, visitor.new_key(), "no-such-cache")
    until(lambda: refused(visitor), what="the refusal on the page")
    assert visitor.page.evaluate(CUT_OFF) == []
    visitor.page.goto("/console")
    assert visitor.page.evaluate(HOLES) == []


def publish(url: str, key: str, cache: str) -> None:
    answer = httpx.post(f"{url}/topics/{cache}/lobby", headers={"Authorization": key}, content=b"hello")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def refused(visitor: Visitor) -> bool:
    visitor.page.goto("/console/usage")
    return visitor.page.get_by_role("heading", name="Requests refused").is_visible()


def begin(visitor: Visitor) -> None:
    """Make a cache and a key."""
    visitor.page.goto("/console/start")
    visitor.fill(cache="chat")
    visitor.press("Make both")
    visitor.page.locator("#await[data-state=waiting]").wait_for()


def make_webhook(visitor: Visitor) -> None:
    """Make a webhook, and have its secret shown."""
    visitor.page.goto("/console/webhooks/new")
    visitor.fill(topic="lobby", name="archive", url="https://example.com/items")
    visitor.press("Make the webhook")
    visitor.press("Show the secret")
    visitor.page.locator("#webhook-secret").wait_for()


def check_forms(visitor: Visitor) -> None:
    """Check what only the button of another page leads to."""
    make_webhook(visitor)
    look(visitor)
    visitor.page.goto("/console/keys")
    visitor.page.get_by_role("link", name="Rotate").first.click()
    look(visitor)
    visitor.press("Make the new key")
    look(visitor)
    link = invite(visitor, "mate@example.com")
    look(visitor)
    check(visitor, link, "/console/team")
    appoint(visitor)
    check(visitor, *OPERATING)
    open_account(visitor, visitor.email)
    look(visitor)
    set_up(visitor, lambda: look(visitor))
    look(visitor)
    check(visitor, "/console/security", "/console/keys")


def check(visitor: Visitor, *paths: str) -> None:
    for path in paths:
        visitor.page.goto(path)
        look(visitor)


def look(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 900})
    assert visitor.violations() == []
    page.emulate_media(color_scheme="dark")
    assert visitor.violations(["color-contrast"]) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    assert visitor.overflow() <= 0, page.url
    assert page.evaluate(NARROW) == [], page.url
