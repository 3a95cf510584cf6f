"""An account of a running service, with every kind of credential that it can have."""

import contextlib
import re
import ssl
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

import httpx

from tests.e2e.wire import Client
from tests.patience import patient

PASSWORD = "a long enough password"
_CREDENTIAL = re.compile("api_key$|secret|(?<!next)_token$|^token$")


SHORTEST_CREDENTIAL = 24

ISSUED: set[str] = set()
"""Every credential, e-mail and password of this run: no log may have one of them."""


class Served(Protocol):
    """Where the account service is."""

    @property
    def url(self) -> str: ...

    @property
    def port(self) -> int: ...


class Tenant:
    """Signs up on the service, and makes keys and caches as a customer would.

    An `email` is of an account that exists and has the password above; `authority` is whom clients trust
    when the service speaks TLS.
    """

    def __init__(self, service: Served, *, email: str | None = None, authority: Path | None = None) -> None:
        self.service = service
        self.email = email or f"{uuid.uuid4().hex[:12]}@example.com"
        self._authority = authority
        trusted = ssl.create_default_context(cafile=authority) if authority else True
        self.http = httpx.Client(
            base_url=service.url,
            timeout=patient(20),
            verify=trusted,
            event_hooks={"response": [_remember_what_is_issued]},
        )
        ISSUED.update((self.email, PASSWORD))
        person = {"email": self.email, "password": PASSWORD}
        if email:
            self.http.post("/v1/login", json=person).raise_for_status()
        else:
            self.http.post("/v1/signup", json={**person, "account_name": "tests"}).raise_for_status()
        self._clients: list[Client] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        for client in self._clients:
            client.close()

    @cached_property
    def key(self) -> str:
        """A v2 key with the rights of an owner."""
        return self.new_key()[0]

    @cached_property
    def account_id(self) -> str:
        """The account's id."""
        return str(self.http.get("/v1/account").raise_for_status().json()["account_id"])

    @cached_property
    def session(self) -> str:
        """The token of a log-in."""
        return str(self.http.post("/v1/session-token").raise_for_status().json()["session_token"])

    @cached_property
    def super_user(self) -> str:
        """A v1 key with all rights, not packed."""
        return str(self.client("").generate(self.session).api_key)

    @cached_property
    def owner(self) -> Client:
        """A client with the owner's v2 key."""
        return self.client(self.key)

    def new_key(self, role: str = "owner", seconds: int | None = None) -> tuple[str, str]:
        """Make a v2 key and return it and its id."""
        expiry = "never" if seconds is None else int(time.time()) + seconds
        body = {"role_id": role, "description": "", "expiry": expiry}
        made = self.http.post("/v1/api-keys", json=body).raise_for_status().json()
        return str(made["api_key"]), str(made["key_info"]["key_id"])

    def revoke(self, key_id: str) -> None:
        """Revoke a v2 key."""
        self.http.delete(f"/v1/api-keys/{key_id}").raise_for_status()

    def client(self, token: str, **metadata: str) -> Client:
        """Return a client on a connection of its own, which closes with the tenant."""
        _remember(token)
        client = Client(self.service.port, token, self._authority, **metadata)
        self._clients.append(client)
        return client

    def new_cache(self) -> str:
        """Make a cache and return its name."""
        name = f"cache-{uuid.uuid4().hex[:12]}"
        self.owner.create_cache(name)
        return name


def _remember(credential: object) -> None:
    """Remember a credential; what is shorter than any of them is a test's nonsense, and may be anywhere."""
    if isinstance(credential, str) and len(credential) >= SHORTEST_CREDENTIAL:
        ISSUED.add(credential)


def _remember_what_is_issued(response: httpx.Response) -> None:
    for cookie in response.cookies.jar:
        _remember(cookie.value)
    if not response.headers.get("content-type", "").startswith("application/json"):
        return  # such as a stream, whose reader wants each piece as it comes
    response.read()
    with contextlib.suppress(ValueError, AttributeError):
        for name, value in response.json().items():
            if _CREDENTIAL.search(name):
                _remember(value)
