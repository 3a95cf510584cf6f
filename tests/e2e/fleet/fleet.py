"""A whole fleet of real processes for a test: Redis, a database, account services, routers and storage nodes."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx

from api.errors import Unavailable
from backplane.interface import NodeMap, Process
from backplane.redis import RedisBackplane
from tests.e2e.fleet.postgres import PostgresServer
from tests.e2e.fleet.process import Member, Tier
from tests.e2e.fleet.workload import Reach
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client
from tests.patience import patient
from tests.ports import free_port
from tests.redis_server import AppendFsync, RedisServer

T = TypeVar("T")


class Fleet:
    """A context manager: all parts are ready inside, and none of their processes is left outside.

    Args:
        routers: How many routers.
        nodes: How many storage nodes.
        accounts: How many account services; they share their master key.
        database: What the accounts are kept in.
        appendfsync: How Redis keeps what it has on disk. None: a Redis that starts again is empty.
        share_port: All routers listen on one port.
        variables: More variables of every process of the fleet.
        of_tier: More variables of the processes of one tier.

    Attributes:
        software: The folder of the version that processes are started from.
    """

    def __init__(
        self,
        *,
        routers: int = 2,
        nodes: int = 3,
        accounts: int = 1,
        database: Literal["sqlite", "postgres"] = "sqlite",
        appendfsync: AppendFsync | None = None,
        share_port: bool = False,
        variables: Mapping[str, str] | None = None,
        of_tier: Mapping[Tier, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fleet-"))
        self.redis = RedisServer(self.folder / "redis", appendfsync=appendfsync)
        self.postgres: PostgresServer | None = None
        self.accounts: list[Member] = []
        self.routers: list[Member] = []
        self.nodes: list[Member] = []
        self._sizes: dict[Tier, int] = {"accounts": accounts, "router": routers, "storage": nodes}
        self._database = database
        self._port = free_port() if share_port else 0
        self.software = ROOT
        self._variables = variables or {}
        self._of_tier = of_tier or {}
        self._master_key = base64.b64encode(os.urandom(32)).decode()
        self._usage_key = base64.b64encode(os.urandom(32)).decode()
        self._stack = ExitStack()

    def __repr__(self) -> str:
        return f"<Fleet {self.redis!r}, {self.members}>"

    def __enter__(self) -> Self:
        try:
            return self._start()
        except BaseException as error:
            self._tell(error)
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._tell(error)
        self.close()

    @property
    def members(self) -> list[Member]:
        """All processes but Redis and the database."""
        return [*self.accounts, *self.nodes, *self.routers]

    def close(self) -> None:
        """End everything."""
        for member in self.members:
            member.close()
        self._stack.close()
        self.redis.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_member(self, tier: Tier, name: str = "", prefix: Sequence[str] = (), **variables: str) -> Member:
        """Start one more process of a tier, and do not wait.

        `prefix` is a command that becomes the process, and `variables` are its own, beside those of its tier.
        """
        group = {"accounts": self.accounts, "router": self.routers, "storage": self.nodes}[tier]
        name = name or f"{tier}-{len(group) + 1}"
        patience = {"TIDINGS_DRAIN_SECONDS": "20"} if tier == "storage" else {}
        told = {**self._common(), **patience, **self._variables, **self._of_tier.get(tier, {}), **variables}
        member = Member(tier, name, self.folder / name, told, self._port if tier == "router" else 0)
        member.prefix, member.software = prefix, self.software
        group.append(member)
        member.start()
        return member

    def add(self, tier: Tier, name: str = "", **variables: str) -> Member:
        """Start one more process of a tier, and wait until it is ready."""
        member = self.start_member(tier, name, **variables)
        member.wait_ready()
        return member

    def map(self) -> NodeMap:
        """Return the map as Redis has it now."""
        return _in_a_thread(_read(self.redis.url))[0]

    def processes(self) -> Sequence[Process]:
        """Return who announced itself of late."""
        return _in_a_thread(_read(self.redis.url))[1]

    def announce(self, process: Process) -> None:
        """Announce a process, as it would itself."""
        _in_a_thread(_say(self.redis.url, process))

    def wait_for_nodes(self, count: int, seconds: float = 10.0) -> NodeMap:
        """Wait until the map has so many live nodes, and return it."""
        until(lambda: len(self._live()) == count, seconds=seconds, what=f"a map of {count} live nodes")
        return self.map()

    def sign_up(self) -> Tenant:
        """Make an account on the first account service; the caller closes it, or the fleet does at its end.

        The tenant's own client reaches the account service alone: topics are at the routers, see `client`.
        """
        return self._stack.enter_context(Tenant(self.accounts[0]))

    def reach(self, *, durable: bool = False) -> Reach:
        """Make a tenant with a cache, and return how clients use it through every router; all nodes are there."""
        self.wait_for_nodes(len(self.nodes))
        tenant = self.sign_up()
        cache = tenant.new_cache()
        if durable:
            tenant.http.patch(f"/v1/caches/{cache}", json={"durable": True}).raise_for_status()
            assert tenant.http.get(f"/v1/caches/{cache}").raise_for_status().json()["durable"]
        return Reach([router.address for router in self.routers], tenant.key, cache, durable=durable)

    def operator(self) -> httpx.Client:
        """Return a script that operates the installation, by a token made on the command line."""
        told = {"--data": str(self.folder / "operator"), "--database-url": self._common()["TIDINGS_DATABASE_URL"]}
        words = [sys.executable, "-m", "cli.main", "operator", "token", "create", "--json", *chain(*told.items())]
        made = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True, timeout=patient(60))
        token = str(json.loads(made.stdout)["token"])
        client = httpx.Client(base_url=self.accounts[0].url, headers={"authorization": token}, timeout=patient(20))
        return self._stack.enter_context(client)

    def client(self, tenant: Tenant, router: Member) -> Client:
        """Return a client of one router with the tenant's key, on a connection of its own."""
        client = Client(router.port, tenant.key)
        self._stack.callback(client.close)
        return client

    def _start(self) -> Self:
        self.redis.start()
        if self._database == "postgres":
            self.postgres = PostgresServer()
            self._stack.callback(self.postgres.close)
        for tier in ("accounts", "storage", "router"):
            for _ in range(self._sizes[tier]):
                self.start_member(tier)
        for member in self.members:
            member.wait_ready()
        return self

    def _common(self) -> dict[str, str]:
        database = f"sqlite+aiosqlite:///{self.folder / 'accounts.db'}" if self.postgres is None else self.postgres.url
        return {
            "TIDINGS_REDIS_URL": self.redis.url,
            "TIDINGS_DATABASE_URL": database,
            "TIDINGS_ENDPOINT": "127.0.0.1",
            "TIDINGS_MASTER_KEY": self._master_key,
            "TIDINGS_USAGE_KEY": self._usage_key,
            "TIDINGS_DRAIN_SECONDS": "2",
        }

    def _live(self) -> list[str]:
        try:
            return [node.id for node in self.map().nodes.values() if node.state == "live"]
        except Unavailable:
            return []

    def _tell(self, error: BaseException) -> None:
        sys.stderr.write(f"--- {error!r} in {self!r}\n")
        for member in self.members:
            sys.stderr.write(f"--- standard error of {member!r}\n{member.errors[-5_000:]}\n")


async def _read(url: str) -> tuple[NodeMap, Sequence[Process]]:
    """Ask Redis, and once more where it did not answer in time: half a second is short beside other tests."""
    try:
        return await _asked(url)
    except Unavailable:
        return await _asked(url)


async def _asked(url: str) -> tuple[NodeMap, Sequence[Process]]:
    backplane = RedisBackplane(url)
    try:
        return await backplane.registry.refresh(), await backplane.registry.processes()
    finally:
        await backplane.close()


async def _say(url: str, process: Process) -> None:
    backplane = RedisBackplane(url)
    try:
        await backplane.registry.announce(process)
    finally:
        await backplane.close()


def _in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Ask Redis, on a loop in a thread: the test may have a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
