"""The inspector: what programs do shows up, is filtered, paused and exported; and what the page says without script."""

import json

import httpx
from playwright.sync_api import Page, expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import PASSWORD, Visitor


def look(visitor: Visitor) -> Page:
    visitor.page.goto("/console/inspector?cache=news")
    expect(visitor.page.locator("#state")).to_have_text("live")
    return visitor.page


def publish(visitor: Visitor, key: str, topic: str, body: bytes) -> int:
    url = f"{visitor.service.url}/topics/news/{topic}"
    return httpx.post(url, content=body, headers={"Authorization": key, "Content-Type": "text/plain"}).status_code


def test_what_happens_is_shown_filtered_paused_and_exported(ada: Visitor) -> None:
    ada.new_cache("news")
    key = ada.new_key()
    page = look(ada)
    expect(page.locator("#empty")).to_have_text("Nothing has happened yet.")
    assert publish(ada, key, "weather", b"<b>sunny</b>") == 204
    assert publish(ada, key, "sports", b"two to one") == 204
    assert publish(ada, key, "sports", b"\xff") == 400
    items = page.locator(".item")
    expect(items).to_have_count(3)
    expect(items.last.locator(".value")).to_have_text("<b>sunny</b>")
    expect(items.last.locator(".about")).to_contain_text("weather · #1 · 12 B · page ")
    expect(items.first.locator(".about")).to_contain_text("publish · invalid_argument")

    page.get_by_label("Topic holds").fill("wea")
    expect(items).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 of 3 events")
    page.get_by_label("Topic holds").fill("")
    page.get_by_label("Anything holds").fill("TWO TO")
    expect(items).to_have_count(1)
    page.get_by_label("Anything holds").fill("")
    page.get_by_role("checkbox", name="Refused").uncheck()
    expect(items).to_have_count(2)

    page.get_by_role("button", name="Pause").click()
    publish(ada, key, "weather", b"windy")
    expect(page.locator("#count")).to_have_text("2 of 3 events, 1 more since the pause")
    page.get_by_role("button", name="Go on").click()
    expect(items.first.locator(".value")).to_have_text("windy")

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export JSON Lines").click()
    assert downloading.value.suggested_filename == "events.jsonl"
    lines = [json.loads(line) for line in downloading.value.path().read_text().splitlines()]
    assert [(line["type"], line["text"]) for line in lines] == [
        ("published", "<b>sunny</b>"), ("published", "two to one"), ("published", "windy"),
    ]  # fmt: skip
    page.get_by_role("button", name="Clear").click()
    expect(items).to_have_count(0)


def test_a_token_that_may_not_look_is_told_so(ada: Visitor) -> None:
    ada.new_cache("news")
    refusal = {"code": "permission_denied", "message": "a token must be allowed to read all its topics"}
    ada.page.route("**/inspect/news", lambda route: route.fulfill(status=403, json=refusal))
    ada.page.goto("/console/inspector?cache=news")
    expect(ada.page.locator("#state")).to_have_text("refused")
    expect(ada.page.locator("#wrong")).to_have_text(refusal["message"])


def test_without_script_it_says_what_it_needs(ada: Visitor, visit: Visit) -> None:
    ada.new_cache("news")
    plain = visit(script=False)
    plain.page.goto("/login")
    plain.fill(email=ada.email, password=PASSWORD)
    plain.press("Log in")
    plain.page.goto("/console/inspector?cache=news")
    assert "The inspector is live, and needs JavaScript" in plain.page.content()
    expect(plain.page.locator("#inspector")).to_be_hidden()
