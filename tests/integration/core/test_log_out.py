"""A subscription that was opened with a person's token, when the person logs out: all tiers in one process."""

from typing import Any, cast

import httpx

from router.pubsub import PUBLISH, SUBSCRIBE
from tests.integration.core.test_embedded import Service, request, service
from tests.unit.asgi import publish_request, subscribe_request

__all__ = ["service"]  # the fixture


async def test_subscriptions_end_at_once_with_the_log_out_and_nothing_is_published(service: Service) -> None:
    transport = httpx.ASGITransport(app=cast("Any", service.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as browser:
        body = {"email": "ada@example.com", "password": "correct horse battery", "account_name": "Engines"}
        assert (await browser.post("/v1/signup", json=body)).status_code == 201
        assert (await browser.post("/v1/caches", json={"name": "cache"})).status_code == 201
        session = (await browser.post("/v1/session-token")).json()["session_token"]
        page = (await browser.post("/console/page-token", data={"cache": "cache", "role": ""})).json()["token"]
        streams = [request(SUBSCRIBE, subscribe_request()) for _ in range(2)]
        for stream, token in zip(streams, (session, page), strict=True):
            authorize(stream, token)
            service.serve(stream)
            await stream.until(lambda stream=stream: bool(stream.kinds))
        assert (await browser.post("/v1/logout")).status_code == 204
        for stream in streams:
            await stream.until(lambda stream=stream: stream.status is not None)
            assert (stream.status, stream.message) == (16, "the token was revoked")
            assert stream.kinds == ["heartbeat"], "it ended no sooner than by the next heartbeat"
    for token in (session, page):
        publish = request(PUBLISH, publish_request("cache", "topic", "hello"))
        authorize(publish, token)
        assert (await publish.through(service.app)).status == 16


def authorize(call: Any, token: str) -> None:
    headers = [(name, value) for name, value in call.scope["headers"] if name != b"authorization"]
    call.scope = {**call.scope, "headers": [*headers, (b"authorization", token.encode())]}
