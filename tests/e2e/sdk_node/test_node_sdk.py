"""The published Node.js SDK, in plaintext and over TLS."""

import uuid

import pytest

from api.tokens import pack_credential
from tests.e2e.access import Access, plaintext
from tests.e2e.sdk_node.conftest import Sdk
from tests.e2e.sdk_node.node import program
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import explicit, topic_grant


def test_caches_are_made_listed_and_deleted(sdk: Sdk) -> None:
    name = f"cache-{uuid.uuid4()}"
    answers, listed = sdk("caches", cache=name)
    assert answers == ["Success", "AlreadyExists", "Success", "NOT_FOUND_ERROR"]
    assert dict(listed)[name] > 0


def test_text_and_binary_arrive_with_their_numbers(sdk: Sdk, access: Access) -> None:
    assert sdk("publishSubscribe", cache=access.tenant.new_cache()) == [["grüße", 1], ["00ff", 2]]


def test_a_fresh_subscription_has_the_newest_item(sdk: Sdk, access: Access) -> None:
    assert sdk("newest", cache=access.tenant.new_cache()) == [["three", 3]]


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


def test_a_disposable_token_does_what_its_scope_says_and_names_the_publisher(sdk: Sdk, access: Access) -> None:
    answers, token_id = sdk("disposable", cache=access.tenant.new_cache())
    assert answers == ["Success", "PERMISSION_ERROR", "PERMISSION_ERROR"]
    assert token_id == "myTokenID"


def test_a_disposable_token_with_a_prefix_matches_by_prefix(sdk: Sdk, access: Access) -> None:
    cache = access.tenant.new_cache()
    made = access.tenant.owner.disposable(access.tenant.key, explicit(topic_grant(cache=cache, prefix="news-")))
    answers = sdk("prefix", cache=cache, token=pack_credential(made.endpoint, made.api_key))
    assert answers == ["Success", "PERMISSION_ERROR", "PERMISSION_ERROR", "x"]


def test_a_token_that_may_only_listen_may_not_publish_and_ends_in_time(sdk: Sdk, access: Access) -> None:
    """Once it has expired, nobody knows it: the refusal changes from one of permission to one of authentication."""
    answers = sdk("listenOnly", cache=access.tenant.new_cache(), token=access.tenant.super_user, lifetime=3)
    assert answers == ["Subscription", "PERMISSION_ERROR", ["AUTHENTICATION_ERROR"], "AUTHENTICATION_ERROR"]


def test_keys_are_made_and_refreshed(sdk: Sdk, access: Access) -> None:
    answers = sdk("keys", cache=access.tenant.new_cache(), token=access.tenant.super_user)
    assert answers == ["Success", True, "Success", "PERMISSION_ERROR"]


def test_one_channel_holds_a_hundred_subscriptions(sdk: Sdk, access: Access) -> None:
    """The SDK itself refuses the next one."""
    got, one_more = sdk("many", cache=access.tenant.new_cache(), count=100)
    assert got
    assert one_more == "CLIENT_RESOURCE_EXHAUSTED"


def test_a_subscription_ends_with_its_cache(sdk: Sdk, access: Access) -> None:
    assert sdk("cacheDeleted", cache=access.tenant.new_cache()) == ["NOT_FOUND_ERROR"]


@pytest.mark.parametrize("access", ["TLS"], indirect=True)
def test_over_tls_the_sdk_uses_the_services_names(sdk: Sdk, access: Access) -> None:
    sdk("disposable", cache=access.tenant.new_cache())
    sdk("caches", cache=f"cache-{uuid.uuid4()}")
    assert access.proxy
    assert access.proxy.names >= {"cache.tidings.test", "control.tidings.test", "token.tidings.test"}


def test_a_local_service_needs_no_token(local_service: Service) -> None:
    with Tenant(local_service) as tenant:
        answers = plaintext(tenant).run(program("e2e/sdk_node/program.mjs"), "local", cache=f"cache-{uuid.uuid4()}")
    assert answers == ["Success", "Subscription", "Success", ["x", 1], "Success"]
