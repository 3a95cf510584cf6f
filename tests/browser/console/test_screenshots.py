"""Each page as a picture, with things in it that somebody really made."""

import httpx
from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.pictures import keep
from tests.browser.console.test_operators import appoint, open_account
from tests.browser.console.test_security import set_up
from tests.browser.console.test_team import invite
from tests.browser.console.visit import Visitor
from tests.e2e.service import until

ROOMS = ("chat", "orders", "telemetry")


def test_each_page_is_a_picture(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/")
    keep(visitor, "landing")
    page.goto("/signup")
    keep(visitor, "signup")
    visitor.sign_up("Tidewater Ferries")
    for name in ROOMS:
        visitor.new_cache(name)
    page.goto("/console/start")
    visitor.fill(cache="chat")
    visitor.press("Make both")
    key = page.locator("#new-key").text_content() or ""
    page.locator("#await[data-state=waiting]").wait_for()
    talk(visitor, key)
    expect(page.locator("#await")).to_contain_text("First message received")
    keep(visitor, "first-steps")
    build_role(visitor)
    wait_for_usage(visitor)
    for name, path in (
        ("caches", "/console/caches"),
        ("cache", "/console/caches/one?cache=chat"),
        ("keys", "/console/keys"),
        ("roles", "/console/roles"),
        ("tokens", "/console/tokens"),
        ("overview", "/console"),
        ("usage", "/console/usage?span=hour"),
        ("plans", "/console/billing/plan"),
        ("budgets", "/console/budgets"),
        ("audit", "/console/audit"),
    ):
        page.goto(path)
        keep(visitor, name)
    show_webhook(visitor)
    show_gap(visitor, key)
    show_inspector(visitor, key)
    show_playground(visitor)
    show_security(visitor)


def talk(visitor: Visitor, key: str) -> None:
    """Publish a few messages as a program would."""
    for name in ROOMS:
        for text in ("The 8:40 is on time", '{"quay": 3, "wind": "NW 4"}', "Boarding in ten minutes"):
            topic = f"{visitor.service.url}/topics/{name}/{'hello' if name == 'chat' else 'lobby'}"
            assert httpx.post(topic, content=text, headers={"Authorization": key}).status_code == 204


def wait_for_usage(visitor: Visitor) -> None:
    """Wait until what was published has been counted, which takes a second or so."""

    until(lambda: is_on(visitor, "/console/usage?span=hour", ".chart"), seconds=30, what="usage on its page")


def is_on(visitor: Visitor, path: str, selector: str) -> bool:
    visitor.page.goto(path)
    return visitor.page.locator(selector).count() > 0


def build_role(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/console/roles/new")
    visitor.fill(name="passengers", description="for the app")
    page.locator("[name=access-0]").select_option("read")
    page.locator("[name=match-0]").select_option("prefix")
    visitor.fill(**{"topic-0": "quay/", "cache-0": "chat"})
    page.locator("summary").click()
    visitor.fill(**{"try-cache": "chat", "try-topic": "quay/3"})
    visitor.press("Try")
    keep(visitor, "role")
    visitor.press("Make the role")
    page.goto("/console/budgets/new")
    visitor.fill(name="whole fleet", amount="50")
    visitor.press("Set the budget")
    visitor.new_key("passengers", "the passengers' app")


def show_webhook(visitor: Visitor) -> None:
    visitor.page.goto("/console/webhooks/new")
    visitor.page.locator("[name=cache]").select_option("orders")
    visitor.fill(topic="paid", name="the booking office", url="https://office.example/orders")
    visitor.press("Make the webhook")
    keep(visitor, "webhook")


def show_gap(visitor: Visitor, key: str) -> None:
    """Come back as a subscriber who was here before the service was started again."""
    address = f"{visitor.service.url}/topics/chat/hello"
    headers = {"Authorization": key, "Accept": "text/event-stream", "Last-Event-ID": "12:2"}
    with httpx.stream("GET", address, headers=headers) as events:
        assert any(line == "event: discontinuity" for line in events.iter_lines())
    until(lambda: is_on(visitor, "/console/gaps", ".card table"), seconds=30, what="a gap in the ledger")
    keep(visitor, "gaps")


def show_inspector(visitor: Visitor, key: str) -> None:
    """Look at a cache while messages come and one is refused."""
    visitor.page.goto("/console/inspector?cache=chat")
    expect(visitor.page.locator("#state")).to_have_text("live")
    talk(visitor, key)
    for body in (b"\xff", b"\x00\x01"):
        kind = "text/plain" if body == b"\xff" else "application/octet-stream"
        address = f"{visitor.service.url}/topics/chat/quay"
        httpx.post(address, content=body, headers={"Authorization": key, "Content-Type": kind})
    expect(visitor.page.locator(".item[data-kind=published]")).to_have_count(4)
    expect(visitor.page.locator(".item[data-kind=refused]")).to_have_count(1)
    keep(visitor, "inspector")


def show_playground(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/console/playground?cache=chat&topic=hello")
    expect(page.locator(".item")).not_to_have_count(0)
    for topic, text in (("hello", "All aboard"), ("quay/3", '{"gate": "open"}'), ("quay/3", "Last call")):
        page.locator("#topic").fill(topic)
        page.locator("#value").fill(text)
        page.locator("#publish").click()
        expect(page.locator("#publish")).to_be_enabled()
        expect(page.locator(".item .value").filter(has_text=text.strip('{"')[:4])).not_to_have_count(0)
    keep(visitor, "playground")
    page.emulate_media(color_scheme="dark")
    keep(visitor, "playground-dark")
    page.goto("/console")
    keep(visitor, "overview-dark")
    page.set_viewport_size({"width": 360, "height": 740})
    keep(visitor, "overview-narrow")


def show_security(visitor: Visitor) -> None:
    page = visitor.page
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/console/keys")
    page.get_by_role("link", name="Rotate the passengers' app").click()
    keep(visitor, "key-rotation")
    visitor.press("Make the new key")
    keep(visitor, "key-made")
    set_up(visitor, lambda: keep(visitor, "second-factor"))
    keep(visitor, "recovery-codes")
    for name in ("security", "limits", "account"):
        page.goto(f"/console/{name}")
        keep(visitor, name)
    invite(visitor, "captain@example.com")
    keep(visitor, "invited")
    page.goto("/console/team")
    keep(visitor, "team")
    appoint(visitor)
    for name in ("accounts", "system", "jobs"):
        page.goto(f"/console/operator/{name}")
        keep(visitor, f"operator-{name}")
    open_account(visitor, visitor.email)
    keep(visitor, "operator-account")
