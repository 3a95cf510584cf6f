"""The published Python SDK against the running service: in plaintext at host and port, and over TLS by host names."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from momento_wire_types import permissionmessages_pb2 as permissions

from tests.e2e import certificates
from tests.e2e.sdk_python.connect_proxy import ConnectProxy
from tests.e2e.service import ROOT, Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import explicit, topic_grant

ENDPOINT = "tidings.test"
ADDED = {"response": "Success"}

Run = Callable[[str], Any]
"""Runs a scenario and returns what it saw."""


def run(scenario: str, environment: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Run one scenario in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.sdk_python.scenarios", scenario],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def environment(tenant: Tenant) -> dict[str, str]:
    cache = tenant.new_cache()
    return {
        "KEY": tenant.key,
        "CACHE": cache,
        "SUPER_USER": tenant.super_user,
        "PREFIX_TOKEN": prefix_token(tenant, cache),
    }


def prefix_token(tenant: Tenant, cache: str) -> str:
    """Mint a token that reads topics whose names begin with "room-"; this SDK has no words for that."""
    grant = explicit(topic_grant(cache, prefix="room-", role=permissions.TopicReadOnly))
    return str(tenant.client("").disposable(tenant.super_user, grant).api_key)


@pytest.fixture(scope="module")
def plain(service: Service) -> Iterator[Run]:
    with Tenant(service) as tenant:
        surroundings = {**environment(tenant), "PORT": str(service.port)}
        yield lambda scenario: run(scenario, surroundings)


def test_caches_are_made_listed_and_deleted(plain: Run) -> None:
    saw = plain("caches")
    assert saw["created"] == [{"response": "Success"}, {"response": "CacheAlreadyExists"}]
    assert "python" in saw["names"]
    assert saw["deleted"] == [ADDED, {"response": "Error", "error": "NOT_FOUND_ERROR"}]
    assert saw["bad"]["error"] == "INVALID_ARGUMENT_ERROR"


def test_caches_are_made_listed_and_deleted_by_the_client_that_blocks(plain: Run) -> None:
    saw = plain("caches_sync")
    assert saw["created"] == [{"response": "Success"}, {"response": "CacheAlreadyExists"}]
    assert "python-sync" in saw["names"]
    assert saw["deleted"] == [ADDED, {"response": "Error", "error": "NOT_FOUND_ERROR"}]


def test_text_and_bytes_arrive_in_order_and_a_late_subscriber_gets_the_newest(plain: Run) -> None:
    saw = plain("topics")
    assert saw["published"] == [ADDED, ADDED]
    first, second = saw["items"]
    assert (first["kind"], first["value"], first["number"]) == ("Text", "grüß dich", 1)
    assert (second["kind"], second["value"], second["number"]) == ("Binary", "00ff", 2)
    assert first["page"] == second["page"] > 0
    assert saw["newest"] == second


def test_text_and_bytes_arrive_with_the_client_that_blocks(plain: Run) -> None:
    saw = plain("topics_sync")
    assert saw["published"] == [ADDED, ADDED]
    assert [(item["kind"], item["number"]) for item in saw["items"]] == [("Text", 1), ("Binary", 2)]


def test_a_subscription_begins_where_it_is_asked_to(plain: Run) -> None:
    assert [(item["value"], item["number"]) for item in plain("resumed")] == [("two", 2), ("three", 3)]


def test_each_refusal_has_the_error_that_the_sdk_knows(plain: Run) -> None:
    saw = plain("refusals")
    errors = {name: [each.get("error") for each in responses] for name, responses in saw.items()}
    assert errors == {
        "no cache": ["NOT_FOUND_ERROR"] * 2,
        "bad name": ["INVALID_ARGUMENT_ERROR"] * 2,
        "bad token": ["AUTHENTICATION_ERROR"] * 2,
        "read only": ["PERMISSION_ERROR", None],
        "other topic": ["PERMISSION_ERROR"],
        "too large": ["LIMIT_EXCEEDED_ERROR"],
    }


def test_a_disposable_token_is_minted_and_holds_for_its_topic_alone(plain: Run) -> None:
    saw = plain("disposable")
    assert saw["published"] == [ADDED, {"response": "Error", "error": "PERMISSION_ERROR"}]
    assert saw["item"]["value"] == "x"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, ConnectProxy]]:
    """The SDK with nothing but an endpoint's name; a proxy leads the names made of it to the service."""
    made = certificates.make(tmp_path_factory.mktemp("tls"), ENDPOINT)
    with (
        Service("--endpoint", ENDPOINT, tls=(made.chain, made.key)) as service,
        ConnectProxy(service.port) as proxy,
        Tenant(service, verify=False) as tenant,
    ):
        key = tenant.key
        surroundings = {
            "KEY": key,
            "ENDPOINT": ENDPOINT,
            "https_proxy": proxy.url,
            "http_proxy": proxy.url,
            "no_proxy": "",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(made.authority),
        }
        tenant.http.post("/v1/caches", json={"name": "secure"}).raise_for_status()
        surroundings["CACHE"] = "secure"
        yield lambda scenario: run(scenario, surroundings), proxy


def test_over_tls_host_names_made_of_the_endpoint_lead_to_the_service(secure: tuple[Run, ConnectProxy]) -> None:
    over_tls, proxy = secure
    assert over_tls("caches")["created"] == [{"response": "Success"}, {"response": "CacheAlreadyExists"}]
    assert over_tls("topics")["published"] == [ADDED, ADDED]
    assert over_tls("topics_sync")["published"] == [ADDED, ADDED]
    assert {f"cache.{ENDPOINT}:443", f"control.{ENDPOINT}:443"} <= proxy.asked
