"""A role built with a prefix, and a key of it that is really limited to that."""

import re

import httpx
from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import Visitor


def build(visitor: Visitor, name: str) -> None:
    page = visitor.page
    page.goto("/console/roles/new")
    visitor.fill(name=name)
    page.locator("[name=access-0]").select_option("read write")
    page.locator("[name=match-0]").select_option("prefix")
    visitor.fill(**{"topic-0": "room/", "cache-0": "chat"})


def test_a_key_with_a_prefix_permission_is_really_limited(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.sign_up()
    visitor.new_cache("chat")
    build(visitor, "room guests")
    visitor.press("Make the role")
    expect(visitor.page.get_by_role("main")).to_contain_text(
        "publish and subscribe: topics that begin with 'room/' of the cache 'chat'"
    )
    headers = {"Authorization": visitor.new_key("room guests")}
    topics = f"{visitor.service.url}/topics/chat"
    assert httpx.post(f"{topics}/room/1", content="x", headers=headers).status_code == 204
    assert httpx.post(f"{topics}/lobby", content="x", headers=headers).status_code == 403
    assert httpx.get(f"{topics}/lobby", headers=headers).status_code == 403


def test_the_builder_says_what_a_role_may_before_it_is_made(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.sign_up()
    build(visitor, "tried")
    page = visitor.page
    page.locator("summary").click()
    visitor.fill(**{"try-cache": "chat", "try-topic": "room/1"})
    visitor.press("Try")
    expect(page.locator(".verdicts .badge")).to_have_text(["yes", "yes"])
    visitor.fill(**{"try-topic": "lobby"})
    visitor.press("Try")
    expect(page.locator(".verdicts .badge")).to_have_text(["no", "no"])
    visitor.press("Add a rule")
    page.locator("[name=match-1]").select_option("name")
    visitor.fill(**{"networks-1": "nonsense"})
    visitor.press("Make the role")
    expect(page.locator("#topic-1-wrong")).to_be_visible()
    expect(page.locator("#networks-1-wrong")).to_contain_text("Must be an address range")
    expect(page.locator("[name=topic-0]")).to_have_value("room/")
    expect(page.locator("[name=networks-1]")).to_have_value("nonsense")


def test_a_token_of_the_builder_does_what_its_tester_says(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.sign_up()
    visitor.new_cache("chat")
    page = visitor.page
    page.goto("/console/tokens")
    page.locator("[name=match-0]").select_option("name")
    visitor.fill(**{"token_id": "guest 7", "topic-0": "lobby", "cache-0": "chat"})
    page.get_by_role("main").get_by_role("button", name="Make the token").last.click()
    token = page.locator("#new-token").inner_text()
    page.goto("/console/tokens/tester")
    visitor.fill(**{"token": token, "try-cache": "chat", "try-topic": "lobby"})
    visitor.press("Ask")
    expect(page.locator(".verdicts li")).to_have_text([re.compile("no.*publish"), re.compile("yes.*subscribe")])
    topic, headers = f"{visitor.service.url}/topics/chat/lobby", {"Authorization": token}
    assert httpx.post(topic, content="x", headers=headers).status_code == 403
    with httpx.stream("GET", topic, headers={**headers, "Accept": "text/event-stream"}) as events:
        assert events.status_code == 200
