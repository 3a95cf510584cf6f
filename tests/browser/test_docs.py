"""The programs of pages that are for browsers, run in one."""

import subprocess

import httpx

from tests.browser.chromium import Browser
from tests.e2e.sdk_node.node import PACKAGES
from tests.e2e.service import ROOT
from tools import snippets

RULES = [{"type": "topic", "permissions": ["read", "write"], "caches": "*", "topics": "*"}]
SHOWN = "() => { window.shown = []; window.show = text => window.shown.push(text); }"


def program(page: str) -> str:
    """Return the one program of a page that is for browsers."""
    (found,) = (each for each in snippets.of(ROOT / "docs" / page) if each.language == "js")
    return found.text


def token(browser: Browser, cache: str) -> dict[str, str]:
    """Make the cache of the page, and a token that a browser may have."""
    browser.tenant.http.post("/v1/caches", json={"name": cache}).raise_for_status()
    asked = {"expires_in": 60, "token_id": "ada", "permissions": RULES}
    headers = {"authorization": browser.tenant.key}
    return httpx.post(f"{browser.url}/v1/tokens", json=asked, headers=headers).raise_for_status().json()


def test_the_page_on_browsers_hears_what_it_has_published(browser: Browser) -> None:
    made = token(browser, "chat")
    text = program("sdks/web.md").replace("http://127.0.0.1:8080", browser.url)
    bundle = [str(PACKAGES / ".bin" / "esbuild"), "--bundle", "--format=esm", "--define:global=window"]
    done = subprocess.run(bundle, cwd=ROOT / "tests", input=text, capture_output=True, text=True, check=True)
    browser.page.evaluate(SHOWN)
    browser.page.evaluate("packed => { window.tokenFor = async () => packed; }", made["packed"])
    browser.page.add_script_tag(content=done.stdout, type="module")
    browser.page.wait_for_function("window.shown.length === 1")
    assert browser.page.evaluate("window.shown") == ["ada: hello"]


def test_the_page_on_http_listens_with_an_event_source(browser: Browser) -> None:
    made = token(browser, "news")
    browser.page.evaluate(SHOWN)
    known = {"url": browser.url, "disposableToken": made["token"]}
    browser.page.evaluate("known => { Object.assign(window, known); }", known)
    browser.page.add_script_tag(content=program("http.md"), type="module")
    httpx.post(f"{browser.url}/topics/news/weather", content="sunny", headers={"authorization": made["token"]})
    browser.page.wait_for_function("window.shown.length === 1")
    assert browser.page.evaluate("window.shown") == ["sunny"]
