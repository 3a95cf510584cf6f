"""Texts that would be scripts, markup or formulas on a careless page: shown as they are, wherever they come up."""

import pytest
from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.test_operators import appoint, open_account
from tests.browser.console.test_team import invite
from tests.browser.console.visit import Visitor

SCRIPT = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>\'"`${pwned}{{7*7}}'
URL = "javascript:window.pwned=1//</title></textarea></style>"
FORMULA = '=HYPERLINK("https://evil.test","x")+cmd|\' /C calc\'!A0'
PAGES = (
    "/console",
    "/console/start",
    "/console/caches",
    "/console/keys",
    "/console/keys/new",
    "/console/roles",
    "/console/budgets",
    "/console/budgets/new",
    "/console/webhooks",
    "/console/webhooks/new",
    "/console/usage?by=cache&span=hour",
    "/console/usage?by=key&span=<script>",
    "/console/billing",
    "/console/audit",
    "/console/account",
    "/console/team",
    "/console/limits",
    "/console/security",
    "/console/operator/accounts",
    "/console/operator/jobs",
    "/console/operator/plans",
    "/console/operator/reconciliation",
    "/console/operator/system",
)


@pytest.mark.parametrize("text", [SCRIPT, URL, FORMULA], ids=["script", "url", "formula"])
def test_a_hostile_text_is_shown_and_does_nothing(visit: Visit, text: str) -> None:
    visitor = visit()
    page = visitor.page
    page.on("dialog", lambda dialog: visitor.faults.append(f"a dialog: {dialog.message}"))
    visitor.sign_up(text)
    visitor.new_cache(text)
    visitor.new_key(description=text)
    page.goto("/console/roles/new")
    page.locator("[name=match-0]").select_option("name")
    visitor.fill(**{"name": text, "description": text, "topic-0": text, "cache-0": text})
    visitor.press("Make the role")
    page.goto("/console/budgets/new")
    visitor.fill(name=text[:100], amount="1")
    visitor.press("Set the budget")
    page.goto("/console/webhooks/new")
    visitor.fill(topic=text, name=text, url="https://example.com/")
    visitor.press("Make the webhook")
    page.get_by_role("heading", name="Latest deliveries").wait_for()
    webhook = page.url
    appoint(visitor)
    open_account(visitor, visitor.email)
    for path in (*PAGES, webhook, page.url, invite(visitor, "mate@example.com")):
        page.goto(path)
        assert page.evaluate("window.pwned") is None, path
        assert page.locator("script:not([src]), img[src=x], style").count() == 0, path
    page.goto("/console/caches")
    expect(page.get_by_role("link", name=text, exact=True)).to_be_visible()
    say_it_in_the_playground(visitor, text)


def say_it_in_the_playground(visitor: Visitor, text: str) -> None:
    page = visitor.page
    topic = text.replace("//", "/")  # paths are normalised
    visitor.new_cache("plain")
    page.goto("/console/playground?cache=plain")
    page.locator("#topic").fill(topic)
    page.locator("#value").fill(text)
    page.locator("#publish").click()
    expect(page.locator(".item .value")).to_have_text(text)
    page.locator("#as-code summary").click()
    expect(page.locator("#program")).to_contain_text("curl")
    assert page.evaluate("window.pwned") is None
    page.goto("/console/caches/one?cache=plain")
    expect(page.get_by_role("rowheader", name=topic, exact=True)).to_be_visible()
    assert page.evaluate("window.pwned") is None
