"""The published web SDK in Chromium, on a page of another origin: gRPC-Web in text form, behind CORS."""

import uuid

from tests.browser.chromium import Browser
from tests.e2e.wire import explicit, topic_grant


def test_text_and_binary_arrive_with_their_numbers(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    assert browser.run("subscribe", cache=cache, topic="news") == "Subscription"
    answers = browser.run("publish", cache=cache, topic="news", values=["grüße", [0, 255]])
    assert answers == ["Success", "Success"]
    heard = browser.wait_for(2)
    assert heard["texts"] == ["grüße", [0, 255]]
    assert heard["numbers"] == [1, 2]
    assert heard["errors"] == []


def test_caches_are_made_and_deleted(browser: Browser) -> None:
    answers = browser.run("caches", cache=f"cache-{uuid.uuid4()}")
    assert answers == ["Success", "AlreadyExists", "Success", "NOT_FOUND_ERROR"]


def test_a_disposable_token_made_in_the_browser_does_what_its_scope_says(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    token = browser.run("mint", cache=cache, topic="news")
    assert browser.run("subscribe", cache=cache, topic="news", token=token) == "Subscription"
    assert browser.run("publish", cache=cache, topic="news", token=token, values=["x"]) == ["Success"]
    assert browser.run("publish", cache=cache, topic="other", token=token, values=["x"]) == ["PERMISSION_ERROR"]
    assert browser.wait_for(1)["ids"] == ["browser"]


def test_a_disposable_token_with_a_prefix_matches_by_prefix(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    grant = explicit(topic_grant(cache=cache, prefix="news-"))
    token = browser.tenant.owner.disposable(browser.tenant.key, grant).api_key
    assert browser.run("subscribe", cache=cache, topic="news-1", token=token) == "Subscription"
    assert browser.run("subscribe", cache=cache, topic="news", token=token) == "PERMISSION_ERROR"


def test_a_super_users_key_mints_in_the_browser(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    token = browser.run("mint", cache=cache, topic="news", token=browser.tenant.super_user)
    assert browser.run("publish", cache=cache, topic="news", token=token, values=["x"]) == ["Success"]
    assert browser.run("mint", cache=cache, topic="news", token=token) == "PERMISSION_ERROR"


def test_a_token_that_expires_ends_its_subscription(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    grant = explicit(topic_grant(cache=cache, topic="news"))
    token = browser.tenant.owner.disposable(browser.tenant.key, grant, seconds=3).api_key
    assert browser.run("subscribe", cache=cache, topic="news", token=token) == "Subscription"
    browser.page.wait_for_function("window.heard.errors.length === 1")
    assert browser.heard["errors"] == ["AUTHENTICATION_ERROR"]
    assert browser.run("publish", cache=cache, topic="news", token=token, values=["x"]) == ["AUTHENTICATION_ERROR"]


def test_errors_have_their_types(browser: Browser) -> None:
    cache, forged = browser.tenant.new_cache(), browser.tenant.key[:-4] + "AAAA"
    for settings, code in (
        ({"cache": "no-such-cache"}, "NOT_FOUND_ERROR"),
        ({"cache": cache, "token": forged}, "AUTHENTICATION_ERROR"),
    ):
        assert browser.run("subscribe", topic="a", **settings) == code
        assert browser.run("publish", topic="a", values=["x"], **settings) == [code]


def test_a_subscription_ends_with_its_cache(browser: Browser) -> None:
    cache = browser.tenant.new_cache()
    browser.run("subscribe", cache=cache, topic="a")
    browser.run("publish", cache=cache, topic="a", values=["x"])
    browser.wait_for(1)
    browser.tenant.owner.delete_cache(cache)
    browser.page.wait_for_function("window.heard.errors.length === 1")
    assert browser.heard["errors"] == ["NOT_FOUND_ERROR"]
