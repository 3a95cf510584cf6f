"""Signing up, caches and keys in a browser that runs no script."""

import httpx
from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.visit import Visitor


def signed_up(visit: Visit) -> Visitor:
    visitor = visit(script=False)
    visitor.sign_up()
    return visitor


def test_what_was_typed_stays_where_a_form_is_refused(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.page.goto("/signup")
    visitor.page.locator("form").first.evaluate("form => form.noValidate = true")
    visitor.fill(account_name="Ada & Co", email="not an e-mail@", password="long enough to be one")
    visitor.press("Make the account")
    wrong = visitor.page.locator("[name=email]")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_value("not an e-mail@")
    expect(visitor.page.locator("#email-wrong")).to_contain_text("cannot be one")
    expect(visitor.page.locator("[name=account_name]")).to_have_value("Ada & Co")


def test_a_cache_is_made_found_and_deleted(visit: Visit) -> None:
    visitor = signed_up(visit)
    visitor.new_cache("shop/orders & more")
    visitor.page.goto("/console/caches")
    visitor.page.get_by_role("link", name="shop/orders & more", exact=True).click()
    visitor.fill(confirmation="shop")
    visitor.press("Delete the cache")
    expect(visitor.page.locator("#confirmation-wrong")).to_be_visible()
    expect(visitor.page.locator("[name=confirmation]")).to_have_value("shop")
    visitor.fill(confirmation="shop/orders & more")
    visitor.press("Delete the cache")
    expect(visitor.page.get_by_role("status")).to_contain_text("The cache is gone")


def test_a_key_is_made_works_and_is_revoked(visit: Visit) -> None:
    visitor = signed_up(visit)
    visitor.new_cache("news")
    key = visitor.new_key()
    topic, headers = f"{visitor.service.url}/topics/news/today", {"Authorization": key}
    assert httpx.post(topic, content="x", headers=headers).status_code == 204
    visitor.page.goto("/console/keys")
    visitor.page.get_by_role("link", name="Revoke a key").click()
    visitor.press("Revoke the key")
    expect(visitor.page.get_by_role("status")).to_contain_text("refused from now on")
    assert httpx.post(topic, content="x", headers=headers).status_code == 401


def test_the_colours_are_chosen_and_kept(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.page.goto("/login?next=/console/keys")
    visitor.press("Dark")
    assert visitor.page.url.endswith("/login?next=/console/keys")
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    visitor.press("System")
    expect(visitor.page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_a_caches_bounds_are_kept_and_a_wrong_one_is_told_beside_its_field(visit: Visit) -> None:
    visitor = signed_up(visit)
    visitor.new_cache("bounded")
    visitor.fill(message_bytes="10", items="a few")
    visitor.press("Save the bounds")
    expect(visitor.page.locator("#items-wrong")).to_contain_text("whole number")
    expect(visitor.page.locator("[name=items]")).to_have_value("a few")
    visitor.fill(items="5")
    visitor.press("Save the bounds")
    expect(visitor.page.locator("[name=message_bytes]")).to_have_value("10")
    headers, topic = {"Authorization": visitor.new_key()}, f"{visitor.service.url}/topics/bounded/a"
    assert httpx.post(topic, content="x" * 10, headers=headers).status_code == 204
    assert httpx.post(topic, content="x" * 11, headers=headers).status_code == 413
