"""From the first page to the first message: with a mouse, with the keyboard alone, and in a hurry."""

import os
import subprocess
import time
import uuid

from playwright.sync_api import Page, Route, expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import PASSWORD, Visitor
from tests.patience import patient

SHELL_SECONDS = 30


def run(snippet: str, key: str) -> str:
    """Paste a program into a shell that has the key."""
    environment = {"PATH": os.environ["PATH"], "TIDINGS_API_KEY": key}
    done = subprocess.run(
        ["bash", "-c", snippet],
        env=environment,
        capture_output=True,
        text=True,
        timeout=patient(SHELL_SECONDS),
        check=True,
    )
    return done.stdout


def test_a_stranger_sends_a_first_message_in_under_two_minutes(visit: Visit) -> None:
    started, visitor = time.monotonic(), visit()
    page = visitor.page
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Make an account").click()
    visitor.fill(account_name="Tidewater", email=f"{uuid.uuid4().hex}@example.com", password=PASSWORD)
    visitor.press("Make the account")
    visitor.press("Make both")
    expect(page.locator("#await")).to_have_attribute("data-state", "waiting")
    answer = run(page.locator("#snippet-curl").inner_text(), page.locator("#new-key").text_content() or "")
    assert '"text":"hello"' in answer
    expect(page.locator("#await")).to_contain_text("First message received")
    assert time.monotonic() - started < 120


def test_the_message_arrives_also_when_the_token_of_the_page_has_expired(ada: Visitor) -> None:
    expired: list[str] = []

    def first_token_expires(route: Route) -> None:
        token = route.request.headers["authorization"]
        if token in (expired or [token]):
            expired.append(token)
            route.fulfill(status=401, json={"code": "unauthenticated", "message": "the token has expired"})
        else:
            route.continue_()

    ada.page.route("**/topics/first-cache/hello", first_token_expires)
    ada.press("Make both")
    expect(ada.page.locator("#await")).to_contain_text("Listening.")
    assert expired
    run(ada.page.locator("#snippet-curl").inner_text(), ada.page.locator("#new-key").text_content() or "")
    expect(ada.page.locator("#await")).to_contain_text("First message received")


def test_each_language_has_a_program_with_the_address_filled_in(ada: Visitor) -> None:
    ada.press("Make both")
    for language in ("curl", "Python", "Node.js", "Browser", "Go", "Java", ".NET"):
        ada.page.get_by_role("radio", name=language, exact=True).check()
        shown = ada.page.locator(".language:visible pre")
        expect(shown).to_have_count(1)
        text = shown.inner_text()
        assert "hello" in text
        assert str(ada.service.port) in text


def test_the_main_journey_needs_no_mouse(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/")
    tab_to(page, "Make an account")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signup")
    typed = {"account_name": "Keys only", "email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    for name, value in typed.items():
        tab_to(page, name)
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/start")
    tab_to(page, "Make both")
    page.keyboard.press("Enter")
    page.locator("#await[data-state=waiting]").wait_for()
    tab_to(page, "curl")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#snippet-python")).to_be_visible()
    tab_to(page, "Go on in the playground")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/playground**")
    tab_to(page, "Publish")
    page.keyboard.press("Enter")
    expect(page.locator(".item .value")).to_have_text("hello")


FOCUSED = """what => {
  const focused = document.activeElement;
  const label = focused.labels?.[0];
  const names = [focused.name, focused.textContent.trim(), label?.textContent];
  const isSeen = [focused, label].some(each => each && getComputedStyle(each).outlineStyle === 'solid');
  return names.includes(what) ? (isSeen ? 'seen' : 'hidden') : '';
}"""


def tab_to(page: Page, what: str) -> None:
    """Press Tab until the element of this name or text has the focus, which must be visible there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focus := page.evaluate(FOCUSED, what):
            assert focus == "seen"
            return
    message = f"Tab never comes to '{what}'"
    raise AssertionError(message)
