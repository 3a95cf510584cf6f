"""A router whose disk is full goes on, and what it counted meanwhile is billed once, also when it is killed then."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from api.tasks import end
from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.test_usage import crashes, settled, usage, verify
from tests.e2e.service import until
from tests.e2e.small_disk import on_a_disk_of, seen_by
from tests.e2e.tenant import Tenant
from tests.patience import patient

DISK_SIZE = "16m"
FULL_SECONDS = 30.0
"""Within these nothing is left that the router can take: each window that is sealed gives back most of its room."""

UNKEPT = re.compile(r"^tidings_router_usage_unkept_seconds (\S+)$", re.MULTILINE)


class SmallDisk:
    """A router with a disk of its own, in a namespace that nobody else sees, and a file that fills it."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        data = fleet.folder / name / "data"
        data.mkdir(parents=True)
        self.router: Member = fleet.start_member("router", name, on_a_disk_of(DISK_SIZE, data))
        self._data = data

    @asynccontextmanager
    async def full(self) -> AsyncGenerator[None]:
        """Leave no byte, and take what becomes free, for as long as the block takes."""
        filler = self._seen / "filler"
        filling = asyncio.create_task(_fill(filler))
        try:
            yield
        finally:
            filler.unlink()
            await end(filling)  # which closes it

    def unkept_seconds(self) -> float:
        """Return what the router's metrics say; -1 while they cannot be asked."""
        with suppress(httpx.TransportError):
            found = UNKEPT.search(httpx.get(self.router.metrics_url).text)
            return -1 if found is None else float(found[1])
        return -1

    @property
    def _seen(self) -> Path:
        return seen_by(self.router.pid, self._data)


@pytest.fixture
async def small(fleet: Fleet) -> AsyncGenerator[SmallDisk]:
    fleet.wait_for_nodes(len(fleet.nodes))
    disk = SmallDisk(fleet, "router-small")
    await asyncio.to_thread(disk.router.wait_ready)
    yield disk
    fleet.routers.remove(disk.router)
    await asyncio.to_thread(disk.router.close)


async def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler:
        while True:
            for size in (64 * 1024, 1024, 1):
                with suppress(OSError):
                    while filler.write(bytes(size)):
                        pass
            await asyncio.sleep(0.02)


class Publishing:
    """Publishes of one account through one router, and their answers."""

    def __init__(self, tenant: Tenant, router: Member) -> None:
        self.answers: Counter[str] = Counter()
        self._connection = Connection(router.address, tenant.key)
        self._cache = tenant.new_cache()

    async def run(self, seconds: float) -> Counter[str]:
        """Publish for some seconds, and return what was answered in them."""
        answers, ends = Counter[str](), time.monotonic() + seconds
        while time.monotonic() < ends:
            answers[await self._connection.publish(self._cache, "news", "x")] += 1
            await asyncio.sleep(0.01)
        self.answers += answers
        return answers

    async def until_unkept(self, disk: SmallDisk) -> None:
        """Publish until the router says that the disk takes no more; all of it is accepted."""
        async with asyncio.timeout(patient(FULL_SECONDS)):
            while disk.unkept_seconds() <= 0:
                assert set(await self.run(0.2)) == {"OK"}

    async def resumed(self) -> None:
        """Publish until one is accepted."""
        async with asyncio.timeout(60):
            while (await self.run(0.1))["OK"] == 0:
                pass

    async def aclose(self) -> None:
        await self._connection.aclose()


async def test_a_full_disk_of_a_router_loses_and_doubles_nothing(fleet: Fleet, small: SmallDisk) -> None:
    tenant, router = fleet.sign_up(), small.router
    load = Publishing(tenant, router)
    assert set(await load.run(0.5)) == {"OK"}
    async with small.full():
        await load.until_unkept(small)
        assert set(await load.run(1)) == {"OK"}, "what is counted in the open window is served"
        assert "usage cannot be kept on disk" in router.errors
        assert "No space left on device" in router.errors
        assert usage(tenant)["publish"] < load.answers["OK"]
    await asyncio.to_thread(until, lambda: small.unkept_seconds() == 0, what="usage that is kept")
    assert "usage is kept on disk again" in router.errors
    async with small.full():
        await load.until_unkept(small)
        await crashes(router)
        refused = await load.run(1)
        assert set(refused) <= {"OK", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}
    await load.resumed()
    billed = await settled(tenant, load.answers["OK"])
    assert billed["publish"] == load.answers["OK"]
    assert "clean: " in await asyncio.to_thread(verify, fleet)
    await load.aclose()
