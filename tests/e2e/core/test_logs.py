"""Row S13: what a service logs of a run in which everything was shown to it, and much went wrong."""

import contextlib
import uuid

import grpc
import httpx

from tests.e2e.logs import accesses, assert_no_secret_in_logs, lines
from tests.e2e.service import Service, until
from tests.e2e.tenant import ISSUED, PASSWORD, Tenant

HOSTILE = "no%0d%0a{%22level%22:%22error%22}%1b[2J"


def test_neither_log_has_a_secret_and_each_line_is_one_object(service: Service) -> None:
    last = f"/v1/{uuid.uuid4().hex}"
    before = len(service.errors)
    with Tenant(service) as tenant:
        cache = tenant.new_cache()
        for credential in (tenant.key, tenant.session, tenant.super_user):
            client = tenant.client(credential)
            with contextlib.suppress(grpc.RpcError):
                client.publish(cache, "t\r\nlevel", credential)
            with contextlib.suppress(grpc.RpcError):
                client.publish("no such cache", "t", PASSWORD)
            tenant.http.get(f"/topics/{cache}/{HOSTILE}", params={"token": credential, "max_wait_seconds": 0})
            tenant.http.get(f"/v1/caches/{HOSTILE}", headers={"authorization": f"Bearer {credential}x"})
        tenant.http.post("/v1/login", json={"email": tenant.email, "password": PASSWORD, "code": 7})
        httpx.post(f"{service.url}/v1/login", content=f'{{"email": "{tenant.email}", "password": {PASSWORD}')
        tenant.http.get(last)
    until(lambda: any(line["path"] == last for line in accesses(service)), what="the last line of the access log")
    assert len(ISSUED) > 5
    assert_no_secret_in_logs(service)
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines(service, before))
