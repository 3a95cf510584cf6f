"""A browser's own EventSource on a page of another origin: it resumes by itself where its connection broke."""

import httpx

from tests.browser.chromium import Browser
from tests.e2e.http.link import Link

OPEN = """(url) => {
  const events = new EventSource(url);
  window.seen = {items: [], gaps: 0, reasons: []};
  events.addEventListener("item", (event) => window.seen.items.push(JSON.parse(event.data).item.value.text));
  events.addEventListener("discontinuity", () => window.seen.gaps++);
  events.addEventListener("error", (event) => {
    if (event.data) { window.seen.reasons.push(JSON.parse(event.data).code); events.close(); }
  });
}"""


def test_an_event_source_misses_nothing_when_its_connection_breaks(browser: Browser) -> None:
    tenant, page = browser.tenant, browser.page
    cache, headers = tenant.new_cache(), {"authorization": tenant.key}
    path = f"/topics/{cache}/news"

    def publish(text: str) -> None:
        assert httpx.post(f"{browser.url}{path}", content=text, headers=headers).status_code == 204

    with Link(tenant.service.port) as link:
        page.evaluate(OPEN, f"http://127.0.0.1:{link.port}{path}?sequence_number=1&token={tenant.key}")
        for texts in (["one", "two"], ["three"], ["four", "five"]):
            for text in texts:
                publish(text)
            page.wait_for_function("(last) => window.seen.items.at(-1) === last", arg=texts[-1])
            link.hang_up()
        publish("six")
        page.wait_for_function("window.seen.items.at(-1) === 'six'")
        tenant.owner.delete_cache(cache)
        page.wait_for_function("window.seen.reasons.length > 0")
    seen = page.evaluate("window.seen")
    assert seen == {"items": ["one", "two", "three", "four", "five", "six"], "gaps": 0, "reasons": ["not_found"]}
