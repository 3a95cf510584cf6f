"""An operator suspends an account, and its traffic stops; looks at it as a viewer, and is oneself again."""

import re
import subprocess
import sys

import httpx
from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import Visitor
from tests.e2e.service import until
from tests.patience import patient


def appoint(visitor: Visitor) -> None:
    """Make a visitor an operator, as somebody does who may write to the database."""
    command = [sys.executable, "-m", "cli.main", "operator", "create", visitor.email, "--data"]
    subprocess.run([*command, str(visitor.service.data)], check=True, capture_output=True, timeout=patient(60))


def open_account(operator: Visitor, email: str) -> None:
    page = operator.page
    page.goto("/console/operator/accounts")
    operator.fill(search=email)
    operator.press("Find")
    page.locator(".rows a").click()


def test_an_operator_suspends_an_account_and_its_traffic_stops(visit: Visit) -> None:
    ada, operator = visit(script=False), visit(script=False)
    ada.sign_up("Tidewater Ferries")
    ada.new_cache("chat")
    topic, headers = f"{ada.service.url}/topics/chat/lobby", {"Authorization": ada.new_key()}

    def publishes() -> int:
        return httpx.post(topic, content="x", headers=headers).status_code

    operator.sign_up()
    appoint(operator)
    assert publishes() == 204
    open_account(operator, ada.email)
    operator.fill(reason="unpaid invoices")
    operator.press("Suspend the account")
    expect(operator.page.get_by_role("status")).to_contain_text("suspended")
    until(lambda: publishes() == 403, what="the end of the traffic")
    operator.press("Serve it again")
    until(lambda: publishes() == 204, what="the traffic")


def test_an_operator_looks_at_an_account_and_is_themselves_again(visit: Visit) -> None:
    ada, operator = visit(script=False), visit(script=False)
    ada.sign_up()
    ada.new_cache("only ada has this")
    operator.sign_up()
    appoint(operator)
    open_account(operator, ada.email)
    operator.fill(look_reason="ticket 7")
    operator.press("Look as a viewer")
    operator.page.goto("/console/caches")
    expect(operator.page.get_by_role("link", name="only ada has this", exact=True)).to_be_visible()
    expect(operator.page.get_by_role("link", name="New cache")).to_have_count(0)
    operator.press("End the look")
    expect(operator.page.get_by_role("heading", name="All accounts")).to_be_visible()
    ada.page.goto("/console/audit")
    expect(ada.page.get_by_role("main")).to_contain_text("impersonation begun")


def test_the_picture_of_the_system_shows_what_runs(visit: Visit) -> None:
    operator = visit()
    operator.sign_up()
    appoint(operator)
    page = operator.page
    page.goto("/console/operator/system")
    for name, tier in (("accounts", "accounts"), ("router", "router"), ("node-1", "storage"), ("node-2", "storage")):
        expect(page.get_by_role("link", name=re.compile(rf"^{name} heard \d\.\d s ago \({tier}\)$"))).to_be_visible()
    assert operator.violations() == []
    expect(page.locator(".system .link")).to_have_count(2)
    page.get_by_role("link", name=re.compile("^node-2 ")).click()
    expect(page.locator("#storage-node-2")).to_contain_text("owns about 50 % of the topics")
    page.locator("#router-router .meta").evaluate("meta => { meta.textContent = 'old' }")
    expect(page.locator("#router-router .meta")).to_contain_text("version", timeout=1000 * patient(15))
