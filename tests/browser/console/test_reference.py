"""The reference of the REST API in a browser: for anybody, from this host alone, and of use to who reads it."""

from playwright.sync_api import expect

from tests.browser.console.conftest import Visit
from tests.browser.console.test_screenshots import keep


def test_somebody_reads_how_to_make_a_cache(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name="REST API").click()
    page.get_by_role("link", name="Caches", exact=True).click()
    operation = page.locator("details", has=page.locator("summary", has_text="POST /v1/caches Create a cache"))
    operation.locator("summary").click()
    expect(operation.get_by_label("curl", exact=True)).to_contain_text(f"{visitor.service.url}/v1/caches")
    expect(operation).to_contain_text("Idempotency-Key")
    assert visitor.violations() == []
    assert visitor.overflow() == 0
    operation.scroll_into_view_if_needed()
    keep(visitor, "reference")
