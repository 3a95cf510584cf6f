"""The id of a request: what the client is told, the logs and the audit log speak of the same one."""

from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest

from tests.e2e.logs import accesses
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client


@pytest.fixture(scope="module")
def tenant(service: Service) -> Any:
    with Tenant(service) as made:
        yield made


def logged(service: Service, request_id: str) -> dict[str, Any]:
    """Return the line of the access log that has this id."""
    until(lambda: any(line["request_id"] == request_id for line in accesses(service)), what=f"a line of {request_id}")
    (line,) = (line for line in accesses(service) if line["request_id"] == request_id)
    return line


def publish(client: Client) -> object:
    return client.publish("nowhere", "t", "x")


def subscribe(client: Client) -> object:
    return client.subscribe("nowhere", "t")


def delete_cache(client: Client) -> object:
    return client.delete_cache("nowhere")


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (publish, "/cache_client.pubsub.Pubsub/Publish"),
        (subscribe, "/cache_client.pubsub.Pubsub/Subscribe"),
        (delete_cache, "/control_client.ScsControl/DeleteCache"),
    ],
)
def test_a_grpc_error_has_the_id_that_the_access_log_has(
    service: Service, tenant: Tenant, call: Callable[[Client], object], path: str
) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        call(tenant.owner)
    error: Any = failed.value
    request_id = dict(error.trailing_metadata())["x-request-id"]
    assert logged(service, request_id)["path"] == path


def test_a_stream_that_ends_has_it_in_its_trailers(service: Service, tenant: Tenant) -> None:
    cache = tenant.new_cache()
    stream = tenant.owner.subscribe(cache, "t")
    tenant.owner.delete_cache(cache)
    stream.end()
    request_id = stream.trailers()["x-request-id"]
    assert logged(service, request_id)["grpc"] == "NOT_FOUND"


def test_grpc_web_has_it_where_a_page_may_read_it(service: Service, tenant: Tenant) -> None:
    answer = tenant.http.post(
        "/cache_client.pubsub.Pubsub/Publish",
        headers={"content-type": "application/grpc-web+proto", "x-request-id": "of-a-page", "origin": "https://a.page"},
        content=b"\0\0\0\0\0",
    )
    assert answer.headers["x-request-id"] == "of-a-page"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


def test_each_rest_answer_has_it_and_errors_say_it_too(service: Service, tenant: Tenant) -> None:
    told = tenant.http.get("/v1/account", headers={"x-request-id": "my-own"})
    assert (told.status_code, told.headers["x-request-id"]) == (200, "my-own")
    refused = tenant.http.get("/v1/caches/nowhere", headers={"x-request-id": "not well-formed"})
    request_id = refused.json()["request_id"]
    assert refused.headers["x-request-id"] == request_id != "not well-formed"
    assert logged(service, request_id)["status"] == 404


def test_a_topic_over_http_has_it_in_both_forms_of_an_error(service: Service, tenant: Tenant) -> None:
    refused = tenant.http.post("/topics/nowhere/t", content="x", headers={"authorization": tenant.key})
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_what_envoy_refuses_by_itself_has_one(service: Service) -> None:
    refused = httpx.get(f"{service.url}/v1/%ff")
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert logged(service, refused.headers["x-request-id"])["status"] == 403


def test_the_audit_log_names_the_request(service: Service, tenant: Tenant) -> None:
    tenant.http.post("/v1/caches", json={"name": "named"}, headers={"x-request-id": "made-a-cache"}).raise_for_status()
    newest = tenant.http.get("/v1/audit").json()["entries"][0]
    assert (newest["action"], newest["request_id"]) == ("cache.created", "made-a-cache")


def test_the_page_of_an_error_shows_it(service: Service, tenant: Tenant) -> None:
    page = tenant.http.get("/console/caches/nowhere", headers={"x-request-id": "on-a-page"})
    assert page.status_code == 404
    assert "<code>on-a-page</code>" in page.text
