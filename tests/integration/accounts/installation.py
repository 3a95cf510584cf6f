"""A running account service as its callers see it: REST through httpx, gRPC as frames, both behind the guard."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import unquote

import httpx
from google.protobuf.message import Message
from momento_wire_types import controlclient_pb2 as control
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from accounts.audit import SYSTEM
from accounts.component import Accounts
from accounts.database.base import Base
from accounts.fleet import Fleet
from accounts.identifiers import new_id
from accounts.memberships import repository as memberships
from accounts.tenants.plans import OPEN
from accounts.users import repository as users
from accounts.users.models import User
from api.asgi import Guard
from api.framing import HEADER_BYTES, frame
from api.grpc_asgi import ASGIApp
from backplane.memory import MemoryDirectory
from tests.integration.accounts.documented import documented
from tests.unit.asgi import GRPC, Connection

PASSWORD = "correct horse battery"

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""Hundreds of tests sign somebody up; at the recommended cost they would mostly hash."""

ORIGIN = "http://tidings.test"
CONTROL, AUTH, TOKEN = "control_client.ScsControl", "auth.Auth", "token.Token"
WEBHOOKS = "webhook.Webhook"

M = TypeVar("M", bound=Message)


class Refused(Exception):
    """A gRPC call that ended with another status than OK."""

    def __init__(self, call: Connection) -> None:
        self.status = call.status
        self.text = unquote(call.message)
        super().__init__(f"{self.status}: {self.text}")
        self.err = call.headers.get(b"err")
        self.is_trailers_only = call.is_trailers_only


@dataclass(frozen=True)
class Tenant:
    """An account that has signed up, and the v2 key of its owner."""

    id: str
    email: str
    key: str
    key_id: str


class Installation:
    """The account service with a directory that a router would read."""

    def __init__(self, accounts: Accounts, directory: MemoryDirectory, fleet: Fleet | None = None) -> None:
        self.accounts = accounts
        self.directory = directory
        self.fleet = fleet or Fleet()
        self.app: ASGIApp = Guard(cast("ASGIApp", accounts.app))

    def rest(self, **headers: str) -> httpx.AsyncClient:
        """Return a browser: it keeps cookies and sends `headers` with each request; only documented answers pass."""
        transport = httpx.ASGITransport(app=cast("Any", self.app))
        hooks = {"response": [documented(self.accounts.app).check]}
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, event_hooks=hooks)

    async def tenant(self, name: str = "ada", role: str = "owner", plan: str = OPEN) -> Tenant:
        """Sign up and make a key."""
        email = f"{name}@example.com"
        made = await self.accounts.users.sign_up(email, PASSWORD, name, plan)
        key, kept = await self.accounts.keys.generate(made.account_id, SYSTEM, role, "", None)
        return Tenant(made.account_id, email, key, kept.id)

    async def join(self, account_id: str, name: str, role: str) -> str:
        """Make somebody who is a member of this account alone, with the password `PASSWORD`; return the e-mail."""
        email, user_id = f"{name}@example.com", new_id("user")
        password_hash = CHEAP.hash(PASSWORD)
        async with self.accounts.database.transaction() as session:
            assert await users.add(session, User(id=user_id, email=email, password_hash=password_hash, confirmed_at=1))
            memberships.add(session, account_id, user_id, role)
        return email

    async def rows(self) -> str:
        """Return all that the database holds, as text."""
        async with self.accounts.database.reading() as session:
            found = [await session.execute(select(table)) for table in Base.metadata.sorted_tables]
            return "\n".join(str(row) for rows in found for row in rows)

    async def send(
        self, service: str, method: str, body: bytes, token: str | None, *headers: tuple[bytes, bytes]
    ) -> Connection:
        """Make a gRPC call with this body."""
        metadata = [GRPC, (b"te", b"trailers"), *headers]
        if token is not None:
            metadata.append((b"authorization", token.encode()))
        call = Connection(f"/{service}/{method}", [body], metadata)
        edge: dict[str, Any] = {"extensions": {"http.response.trailers": {}}}
        call.scope = {**call.scope, "query_string": b"", "http_version": "2", **edge}
        return await call.through(self.app)

    async def call(self, service: str, method: str, request: Message, answer: type[M], token: str | None = None) -> M:
        """Make a gRPC call and return its answer.

        Raises:
            Refused: its status is not OK.
        """
        call = await self.send(service, method, frame(request.SerializeToString()), token)
        if call.status != 0:
            raise Refused(call)
        return answer.FromString(call.body[HEADER_BYTES:])

    async def create_cache(self, token: str | None, name: str) -> None:
        await self.call(
            CONTROL, "CreateCache", control._CreateCacheRequest(cache_name=name), control._CreateCacheResponse, token
        )

    async def delete_cache(self, token: str | None, name: str) -> None:
        await self.call(
            CONTROL, "DeleteCache", control._DeleteCacheRequest(cache_name=name), control._DeleteCacheResponse, token
        )

    async def flush_cache(self, token: str | None, name: str) -> None:
        await self.call(
            CONTROL, "FlushCache", control._FlushCacheRequest(cache_name=name), control._FlushCacheResponse, token
        )

    async def list_caches(self, token: str | None) -> control._ListCachesResponse:
        request = control._ListCachesRequest(next_token="")
        return await self.call(CONTROL, "ListCaches", request, control._ListCachesResponse, token)

    async def cache_names(self, token: str | None) -> list[str]:
        return [cache.cache_name for cache in (await self.list_caches(token)).cache]
