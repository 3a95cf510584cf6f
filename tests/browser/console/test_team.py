"""An invitation from one browser that another accepts, by somebody new."""

import uuid

from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import PASSWORD, Visitor


def invite(visitor: Visitor, email: str, role: str = "Operator") -> str:
    """Invite somebody; return the link that is to be passed on."""
    page = visitor.page
    page.goto("/console/team")
    visitor.fill(email=email)
    page.get_by_label("Role", exact=True).select_option(role)
    visitor.press("Invite")
    return page.locator("#invitation-link").inner_text()


def test_somebody_new_joins_by_the_link_and_works_in_the_account(visit: Visit) -> None:
    ada, bob = visit(script=False), visit(script=False)
    ada.sign_up("Tidewater Ferries")
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    bob.page.goto(invite(ada, email))
    expect(bob.page.get_by_role("heading", name="Join Tidewater Ferries")).to_be_visible()
    bob.fill(password=PASSWORD)
    bob.press("Join")
    expect(bob.page.get_by_role("status")).to_contain_text("You are a member of this account now")
    bob.new_cache("made by bob")
    ada.page.goto("/console/caches")
    expect(ada.page.get_by_role("link", name="made by bob", exact=True)).to_be_visible()
    ada.page.goto("/console/team")
    ada.page.get_by_role("link", name=f"Remove {email}").click()
    ada.press("Remove the member")
    bob.page.goto("/console/caches")
    assert "/login" in bob.page.url
