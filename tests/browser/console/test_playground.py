"""The playground: two browsers, several topics, pauses, resumption, and what a role may not do."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import PASSWORD, Visitor


def playground(visitor: Visitor, topic: str = "lobby") -> Page:
    visitor.page.goto(f"/console/playground?cache=news&topic={topic}")
    expect(column(visitor.page, topic).locator("[data-state]")).to_have_text("live")
    return visitor.page


def column(page: Page, topic: str) -> Locator:
    return page.locator(".column-card").filter(has=page.get_by_role("heading", name=topic, exact=True))


def publish(page: Page, topic: str, text: str) -> None:
    page.locator("#topic").fill(topic)
    page.locator("#value").fill(text)
    page.locator("#publish").click()
    expect(page.locator("#publish")).to_be_enabled()


def test_what_one_browser_publishes_another_sees(visit: Visit, ada: Visitor) -> None:
    ada.new_cache("news")
    other = visit()
    other.page.goto("/login")
    other.fill(email=ada.email, password=PASSWORD)
    other.press("Log in")
    here, there = playground(ada), playground(other)
    publish(here, "lobby", '{"a": 1}')
    item = column(there, "lobby").locator(".item").first
    expect(item.locator(".value")).to_have_text('{\n  "a": 1\n}')
    expect(item.locator(".sequence")).to_have_text("#1")
    expect(item.locator(".about")).to_contain_text("json · 8 B · page ")
    expect(item.locator(".about")).to_contain_text("from console-")
    mine = column(here, "lobby").locator(".item .about").first
    expect(mine).to_contain_text("from this page")
    expect(mine).to_contain_text(" ms")


def test_a_pause_misses_nothing_and_a_number_goes_back(ada: Visitor) -> None:
    ada.new_cache("news")
    page = playground(ada)
    publish(page, "lobby", "one")
    expect(page.locator(".item .value")).to_have_text(["one"])
    column(page, "lobby").get_by_role("button", name="Pause").click()
    other = ada.open()
    other.goto("/console/playground?cache=news&topic=lobby")
    expect(other.locator(".item .value")).to_have_text(["one"])
    publish(other, "lobby", "two")
    publish(other, "lobby", "three")
    expect(other.locator(".item .value")).to_have_text(["three", "two", "one"])
    expect(page.locator(".item .value")).to_have_text(["one"])
    column(page, "lobby").get_by_role("button", name="Go on").click()
    expect(page.locator(".item .value")).to_have_text(["three", "two", "one"])
    column(page, "lobby").get_by_label("From number").fill("2")
    column(page, "lobby").get_by_role("button", name="Replay").click()
    expect(page.locator(".item .value")).to_have_text(["three", "two"])


def test_topics_stand_side_by_side_and_a_file_is_sent(ada: Visitor) -> None:
    ada.new_cache("news")
    page = playground(ada)
    publish(page, "weather/berlin", "sunny")
    expect(column(page, "weather/berlin").locator(".value")).to_have_text("sunny")
    page.get_by_role("radio", name="A file").check()
    page.locator("#file").set_input_files({"name": "a.bin", "mimeType": "x/y", "buffer": b"\x00\xff"})
    page.locator("#publish").click()
    expect(column(page, "weather/berlin").locator(".value").first).to_have_text("00 ff")
    expect(column(page, "lobby").locator(".item")).to_have_count(0)


def test_who_acts_as_a_viewer_may_not_publish(ada: Visitor) -> None:
    ada.new_cache("news")
    page = playground(ada)
    page.locator("#as").select_option("viewer")
    expect(column(page, "lobby").locator("[data-state]")).to_have_text("live")
    page.locator("#publish").click()
    expect(page.locator("#composer-wrong")).to_contain_text("may not")


def test_the_price_is_told_before_it_is_paid(ada: Visitor) -> None:
    ada.new_cache("news")
    page = playground(ada)
    price = page.locator("#price")
    page.locator("#topic").fill("lobby")
    page.locator("#value").fill("x" * 1025)
    expect(price).to_have_text("1.0 KiB to 1 subscriber: 4 operations, 0 USD more this month")
    page.locator("#topic").fill("nobody listens here")
    expect(price).to_contain_text("to 0 subscribers: 2 operations")


def test_it_says_that_the_log_in_has_ended_and_asks_no_more(ada: Visitor) -> None:
    ada.new_cache("news")
    ada.page.clock.install()
    page, other = playground(ada), ada.open()
    other.goto("/console")
    other.get_by_role("button", name="Log out").click()
    expect(column(page, "lobby").locator("[data-state]")).to_have_text("refused")
    expect(column(page, "lobby")).to_contain_text("Your log-in has ended. Load the page again to log in.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert page.evaluate("fetch('/console/page-token', { method: 'POST' }).then(answer => answer.status)") == 401
    assert len([url for url in asked if url.endswith("/console/page-token")]) == 1  # the one of this test
    page.locator("#as").select_option("viewer")
    page.locator("#publish").click()
    expect(page.locator("#composer-wrong")).to_contain_text("Your log-in has ended.")
