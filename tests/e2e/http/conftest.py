"""An account with a cache and a key, and a client for the HTTP API of topics."""

import json
import socket
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from tests.e2e.service import Service


@dataclass(frozen=True)
class Api:
    """The HTTP API as one key sees it."""

    service: Service
    key: str
    cache: str

    def url(self, topic: str, cache: str | None = None) -> str:
        return f"{self.service.url}/topics/{cache or self.cache}/{topic}"

    def publish(self, topic: str, body: bytes = b"hello", kind: str = "text/plain", **headers: str) -> httpx.Response:
        return httpx.post(
            self.url(topic), content=body, headers={"authorization": self.key, "content-type": kind, **headers}
        )

    def poll(self, topic: str, seconds: float = 30.0, **query: int | str) -> httpx.Response:
        return httpx.get(self.url(topic), params=query, headers={"authorization": self.key}, timeout=seconds)


@pytest.fixture(scope="module")
def api(service: Service) -> Api:
    email = f"{uuid4()}@example.com"
    with httpx.Client(base_url=service.url) as client:
        signed_up = {"email": email, "password": "correct horse", "account_name": "Http"}
        assert client.post("/v1/signup", json=signed_up).status_code == 201
        made = client.post("/v1/api-keys", json={"role_id": "owner", "description": "tests", "expiry": "never"})
        assert made.status_code == 201
        assert client.post("/v1/caches", json={"name": "http"}).status_code == 201
    return Api(service, json.loads(made.text)["api_key"], "http")


def streams(service: Service) -> int:
    """How many subscriptions the service has open."""
    (path,) = sorted(service.data.glob("run/**/control.sock"))[-1:]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(path))
        control.sendall(b'{"command": "status"}\n')
        return int(json.loads(control.makefile().readline())["streams"])
