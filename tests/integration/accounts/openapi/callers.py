"""Who calls the REST API in a test that goes through all of it, and how: one request after the other, for real."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import requests

from accounts.sessions.member import Peer
from accounts.users import repository as users
from tests.integration.accounts.installation import ORIGIN, Installation

T = TypeVar("T")

Make = Callable[["Service"], Coroutine[Any, Any, "Caller"]]


@dataclass
class Caller:
    """A credential, and what its account has, by the names that paths have for it."""

    headers: Mapping[str, str]
    probe: str = ""
    ids: Mapping[str, str] = field(default_factory=dict[str, str])


class Service:
    """A running account service for tests that are no coroutines, as those of hypothesis."""

    def __init__(self, here: Installation, runner: asyncio.Runner) -> None:
        self.here = here
        self._runner = runner
        self._made = 0

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(doing)

    def send(self, request: requests.PreparedRequest) -> httpx.Response:
        return self.run(self._send(request))

    def holds(self, caller: Caller) -> bool:
        """Return whether a credential still opens what it opened."""
        return not caller.probe or self.run(self._status(caller)) == 200

    def name(self) -> str:
        """Return a name that nobody has."""
        self._made += 1
        return f"somebody-{self._made}"

    async def _send(self, request: requests.PreparedRequest) -> httpx.Response:
        sent: Any = [
            (name, _bytes(value)) for name, value in request.headers.items() if name.lower() != "content-length"
        ]
        body: Any = request.body
        async with self.here.rest() as client:
            return await client.request(str(request.method), str(request.url), headers=sent, content=body)

    async def _status(self, caller: Caller) -> int:
        async with self.here.rest(**caller.headers) as client:
            return (await client.get(caller.probe)).status_code


async def nobody(_: Service) -> Caller:
    return Caller({}, ids={})


async def owner(service: Service) -> Caller:
    """Return somebody who owns an account that has one of everything."""
    ada = await service.here.tenant(service.name())
    headers = await _logged_in(service, ada.email, ada.id)
    return Caller(headers, "/v1/user", {**await _things(service, headers), "account_id": ada.id, "key_id": ada.key_id})


async def viewer(service: Service) -> Caller:
    made = await owner(service)
    account_id = made.ids["account_id"]
    email = await service.here.join(account_id, service.name(), "viewer")
    return Caller(await _logged_in(service, email, account_id), "/v1/user", made.ids)


async def operator(service: Service) -> Caller:
    """Return a script with an operator's token, and an account that it may do anything to."""
    token, _ = await service.here.accounts.operation.operators.make_token("a script", None)
    return Caller({"authorization": token}, "/v1/admin/jobs", {**(await owner(service)).ids, "name": "accounts.purge"})


async def _logged_in(service: Service, email: str, account_id: str) -> Mapping[str, str]:
    """Begin a log-in where no limit counts them."""
    accounts = service.here.accounts
    async with accounts.database.transaction() as session:
        user = await users.by_email(session, email)
        assert user is not None
        secret = accounts.people.sessions.begin(session, user.id, account_id, Peer())
    return {"cookie": f"tidings={secret}"}


async def _things(service: Service, headers: Mapping[str, str]) -> dict[str, str]:
    rule = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": "*"}
    hook = {"url": "https://example.com/hook", "events": ["invoice.finalized"]}
    invited = {"email": f"{service.name()}@example.com", "role_id": "viewer"}
    async with service.here.rest(**headers) as browser:

        async def made(path: str, body: Mapping[str, Any]) -> Any:
            answer = await browser.post(path, json=body)
            assert answer.status_code == 201, answer.text
            return answer.json()

        name = (await made("/v1/caches", {"name": "chat"}))["name"]
        of_topic = {"cache": name, "name": "archive", "topic": "news", "url": "https://example.com/"}
        return {
            "name": name,
            "topic_webhook_id": (await made("/v1/webhooks", of_topic))["webhook_id"],
            "role_id": (await made("/v1/roles", {"name": "readers", "permissions": [rule]}))["role_id"],
            "budget_id": (await made("/v1/budgets", {"name": "all", "amount": "5"}))["budget_id"],
            "webhook_id": (await made("/v1/billing/webhooks", hook))["webhook_id"],
            "revocation_id": (await made("/v1/tokens/revoke", {"token_id": "player-7"}))["revocation_id"],
            "invitation_id": (await made("/v1/invitations", invited))["invitation"]["invitation_id"],
            "user_id": (await browser.get("/v1/user")).json()["user_id"],
            "session_id": (await browser.get("/v1/sessions")).json()["sessions"][0]["session_id"],
            "plan_id": (await browser.get("/v1/plans")).json()["plans"][0]["plan_id"],
        }


def prepared(kwargs: Mapping[str, Any]) -> requests.PreparedRequest:
    """Return the bytes of a request that schemathesis has made, sent to where the service is."""
    known = {name: kwargs.get(name) for name in ("method", "url", "headers", "params", "data", "json", "cookies")}
    return requests.Request(**known).prepare()


def _bytes(value: str | bytes) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value


BASE_URL = ORIGIN
