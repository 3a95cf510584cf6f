"""A second factor from its picture to the next log-in, and a key that another takes the place of."""

import re
from collections.abc import Callable
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import httpx
import zxingcpp
from PIL import Image
from playwright.sync_api import expect
from pyotp.totp import TOTP

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import PASSWORD, Visitor


def scanned(visitor: Visitor) -> str:
    """Return the secret in the QR code that is on the screen."""
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(visitor.page.locator(".qr").screenshot())))
    return parse_qs(urlsplit(read.text).query)["secret"][0]


def set_up(visitor: Visitor, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Set a second factor up; return its secret. `meanwhile` is called when that is on the screen."""
    visitor.page.goto("/console/security")
    visitor.fill(factor_password=PASSWORD)
    visitor.press("Set it up")
    secret = scanned(visitor)
    meanwhile()
    visitor.fill(code=TOTP(secret).now())
    visitor.press("Confirm")
    expect(visitor.page.get_by_role("heading", name="The second factor is on")).to_be_visible()
    return secret


def test_a_scanned_second_factor_is_asked_for_at_the_next_log_in(visit: Visit) -> None:
    visitor = visit(script=False, theme="dark")
    visitor.sign_up()
    set_up(visitor)
    recovery = visitor.page.locator("#recovery-codes").inner_text().splitlines()[0]
    visitor.press("Log out")
    for code, is_in in (("000000", False), (recovery, True)):
        visitor.page.goto("/login")
        visitor.fill(email=visitor.email, password=PASSWORD)
        visitor.press("Log in")
        visitor.fill(code=code)
        visitor.press("Log in")
        assert ("/console" in visitor.page.url) is is_in
    visitor.page.goto("/console/security")
    expect(visitor.page.get_by_role("main")).to_contain_text("Recovery codes left: 9")


def test_a_key_is_rotated_the_old_one_holds_on_and_is_revoked(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.sign_up()
    visitor.new_cache("chat")
    old, page = visitor.new_key(), visitor.page
    page.goto("/console/keys")
    page.get_by_role("link", name="Rotate a key").click()
    page.get_by_label("The old one still holds").select_option("For an hour")
    visitor.press("Make the new key")
    new = page.locator("#new-key").inner_text()
    assert (publish(visitor, old), publish(visitor, new)) == (204, 204)
    page.goto("/console/keys")
    row = page.get_by_role("listitem").filter(has_text=re.compile("refused from"))
    row.get_by_role("link", name="Revoke a key").click()
    visitor.press("Revoke the key")
    assert (publish(visitor, old), publish(visitor, new)) == (401, 204)


def publish(visitor: Visitor, key: str) -> int:
    topic = f"{visitor.service.url}/topics/chat/lobby"
    return httpx.post(topic, content="x", headers={"Authorization": key}).status_code
