"""Endpoints, credentials and metadata: CONFORMANCE A0 and A1."""

import base64
import json
from typing import Any

import pytest
from momento.auth import CredentialProvider
from momento_wire_types import permissionmessages_pb2 as permissions

from tests.e2e.conformance.refusals import refused
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, explicit, topic_grant


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_one_listener_serves_all_services(tenant: Tenant, owner: Client, cache: str) -> None:
    """Control, cache and token services on one connection."""
    owner.list_caches()
    owner.publish(cache, "a", "x")
    owner.disposable(tenant.key, explicit(topic_grant()))


def test_a_v2_key_is_a_bare_jwt_with_type_g(tenant: Tenant) -> None:
    assert claims(tenant.key)["t"] == "g"
    provider = CredentialProvider.from_api_key_v2(tenant.key, "tidings.example")
    assert provider.cache_endpoint == "cache.tidings.example"


def test_minted_tokens_come_raw_beside_their_endpoint_and_without_type_g(tenant: Tenant, owner: Client) -> None:
    for made in (
        owner.generate(tenant.session),
        owner.generate(tenant.super_user, explicit(topic_grant())),
        owner.disposable(tenant.key, explicit(topic_grant())),
    ):
        assert made.api_key.count(".") == 2
        assert "t" not in claims(made.api_key)
        assert made.endpoint
        packed = base64.b64encode(json.dumps({"endpoint": made.endpoint, "api_key": made.api_key}).encode()).decode()
        assert CredentialProvider.from_disposable_token(packed).auth_token == made.api_key


def test_a_packed_key_is_standard_padded_base64_of_json_strings(service: Service, tenant: Tenant) -> None:
    printed = service.run("key", "create", tenant.email, "--super-user", "--json", "--data", str(service.data))
    packed = json.loads(printed)["packed"]
    decoded = base64.b64decode(packed, validate=True)
    assert base64.b64encode(decoded).decode() == packed
    members = json.loads(decoded)
    assert set(members) == {"endpoint", "api_key"}
    assert all(isinstance(value, str) for value in members.values())
    tenant.client(members["api_key"]).list_caches()


def test_tokens_have_a_real_signature(tenant: Tenant) -> None:
    """A JWT library of Python refuses a last segment that is no base64."""
    assert len(base64.urlsafe_b64decode(tenant.key.rsplit(".", 1)[1] + "==")) == 64


def test_a_session_token_works_on_every_service(tenant: Tenant, cache: str) -> None:
    with_session = tenant.client(tenant.session)
    with_session.list_caches()
    with_session.publish(cache, "a", "x")
    with_session.subscribe(cache, "a").cancel()
    with_session.disposable(tenant.session, explicit(topic_grant()))


def test_an_empty_token_is_a_super_user_only_in_local_mode(
    service: Service, local_service: Service, cache: str
) -> None:
    local, strict = Client(local_service.port, ""), Client(service.port, "")
    local.list_caches()
    with refused("UNAUTHENTICATED"):
        strict.list_caches()
    with refused("UNAUTHENTICATED"):
        strict.publish(cache, "a", "x")
    assert strict.open(cache, "a").end().code.name == "UNAUTHENTICATED"


def test_authorization_is_the_bare_token(tenant: Tenant, cache: str) -> None:
    tenant.client(tenant.key).publish(cache, "a", "x")


@pytest.mark.parametrize("header", ["none", "empty", "of another"])
def test_minting_is_authorised_by_the_body_alone(tenant: Tenant, header: str) -> None:
    nothing_but_topics = explicit(topic_grant())
    token = {"none": None, "empty": "", "of another": "nonsense"}[header]
    client = tenant.client(token or "")
    made = client.generate(tenant.session, nothing_but_topics)
    client.refresh(made.api_key, made.refresh_token)
    client.disposable(tenant.session, nothing_but_topics)


def test_a_token_in_the_header_does_not_authorise_minting(tenant: Tenant) -> None:
    client = tenant.client(tenant.session)
    with refused("UNAUTHENTICATED"):
        client.generate("")
    with refused("UNAUTHENTICATED"):
        client.disposable("", explicit(topic_grant()))


def test_ping_needs_no_token(service: Service) -> None:
    assert Client(service.port, "").raw("/cache_client.Ping/Ping") == b""


def test_topics_ignore_the_cache_header(tenant: Tenant, cache: str) -> None:
    """Some SDKs send it, some do not; the message's name counts, also for what is allowed."""
    granted = tenant.owner.disposable(tenant.key, explicit(topic_grant(cache=cache))).api_key
    tenant.client(granted, cache="no-such-cache").publish(cache, "a", "x")
    other = tenant.new_cache()
    with refused("PERMISSION_DENIED"):
        tenant.client(granted, cache=cache).publish(other, "a", "x")


def test_agent_headers_are_never_required_and_others_do_no_harm(tenant: Tenant, cache: str) -> None:
    tenant.client(tenant.key).publish(cache, "a", "x")
    tenant.client(tenant.key, agent="python:topic:1.29.1", runtime_version="3.11", read_concern="consistent").publish(
        cache, "a", "x"
    )


def test_calls_without_a_deadline_are_answered(tenant: Tenant, cache: str) -> None:
    """Python's GenerateDisposableToken and all calls of browsers but Publish have none."""
    tenant.owner.publish(cache, "a", "x", timeout=None)


def test_a_publish_is_taken_once(owner: Client, cache: str) -> None:
    """No SDK repeats a Publish, so none carries an idempotency key: two calls are two items."""
    subscription = owner.subscribe(cache, "a")
    owner.publish(cache, "a", "same")
    owner.publish(cache, "a", "same")
    assert [subscription.item().topic_sequence_number for _ in range(2)] == [1, 2]


def test_roles_decide_what_a_v2_key_may_do(tenant: Tenant, cache: str) -> None:
    viewer = tenant.client(tenant.new_key("viewer")[0])
    viewer.subscribe(cache, "a").cancel()
    with refused("PERMISSION_DENIED"):
        viewer.publish(cache, "a", "x")
    with refused("PERMISSION_DENIED"):
        viewer.create_cache("by-a-viewer")


def test_the_roles_have_the_contracts_numbers() -> None:
    assert (permissions.TopicReadWrite, permissions.TopicReadOnly, permissions.TopicWriteOnly) == (1, 2, 3)
