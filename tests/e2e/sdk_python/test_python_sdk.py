"""The published Python SDK, with its synchronous and its asynchronous clients, in plaintext and over TLS."""

import uuid

import pytest

from api.tokens import pack_credential
from tests.e2e.access import Access
from tests.e2e.sdk_python.conftest import Sdk
from tests.e2e.wire import explicit, topic_grant


def test_caches_are_made_listed_and_deleted(sdk: Sdk) -> None:
    name = f"cache-{uuid.uuid4()}"
    answers, listed = sdk("caches", cache=name)
    assert answers == ["Success", "CacheAlreadyExists", "Success", "NOT_FOUND_ERROR"]
    assert name in listed


def test_text_and_binary_arrive_with_their_numbers(sdk: Sdk, access: Access) -> None:
    assert sdk("publish_subscribe", cache=access.tenant.new_cache()) == [["Text", "grüße", 1], ["Binary", "00ff", 2]]


def test_a_fresh_subscription_has_the_newest_and_a_resumed_one_what_it_asks_for(sdk: Sdk, access: Access) -> None:
    found = sdk("resume", cache=access.tenant.new_cache())
    assert found == [["Text", "three", 3], ["Text", "two", 2], ["Text", "three", 3]]


@pytest.mark.parametrize("call", ["publish", "subscribe"])
def test_errors_have_their_types(sdk: Sdk, access: Access, call: str) -> None:
    cache, key = access.tenant.new_cache(), access.tenant.key
    assert sdk(call, cache="no-such-cache", topic="a", token=key) == "NOT_FOUND_ERROR"
    assert sdk(call, cache=cache, topic="a", token=key[:-4] + "AAAA") == "AUTHENTICATION_ERROR"
    assert sdk(call, cache=cache, topic="   ", token=key) == "INVALID_ARGUMENT_ERROR"
    nothing = access.tenant.owner.disposable(key, explicit(topic_grant(cache="another"))).api_key
    assert sdk(call, cache=cache, topic="a", token=nothing) == "PERMISSION_ERROR"


def test_a_message_that_is_too_large_is_a_limit_exceeded(sdk: Sdk, access: Access) -> None:
    answer = sdk("publish", cache=access.tenant.new_cache(), topic="a", token=access.tenant.key, length=4 * 1024 * 1024)
    assert answer == "LIMIT_EXCEEDED_ERROR"


def test_a_disposable_token_does_what_its_scope_says(sdk: Sdk, access: Access) -> None:
    answers = sdk("disposable", cache=access.tenant.new_cache())
    assert answers == ["Success", "PERMISSION_ERROR", "PERMISSION_ERROR"]


def test_a_disposable_token_with_a_prefix_matches_by_prefix(sdk: Sdk, access: Access) -> None:
    cache = access.tenant.new_cache()
    grant = explicit(topic_grant(cache=cache, prefix="news-"))
    made = access.tenant.owner.disposable(access.tenant.key, grant, token_id="me")
    answers = sdk("prefix", cache=cache, token=pack_credential(made.endpoint, made.api_key))
    assert answers == ["Success", "PERMISSION_ERROR", "PERMISSION_ERROR", "x"]


def test_subscriptions_and_publishes_share_a_connection(sdk: Sdk, access: Access) -> None:
    assert sdk("many", cache=access.tenant.new_cache(), count=100) == [1] * 100


@pytest.mark.parametrize("sdk", ["sync"], indirect=True)
def test_clients_whose_configurations_differ_hold_more_than_a_connection_does(sdk: Sdk, access: Access) -> None:
    """Beyond its 2,048 streams, grpcio would have subscriptions and publishes wait without a word."""
    assert sdk("apart", cache=access.tenant.new_cache(), count=1_050) == [1] * 2_100


@pytest.mark.parametrize("access", ["TLS"], indirect=True)
def test_over_tls_the_sdk_uses_the_services_names(sdk: Sdk, access: Access) -> None:
    sdk("disposable", cache=access.tenant.new_cache())
    sdk("caches", cache=f"cache-{uuid.uuid4()}")
    assert access.proxy
    assert access.proxy.names >= {"cache.tidings.test", "control.tidings.test", "token.tidings.test"}
