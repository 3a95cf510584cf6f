"""A backup of the database is put in place of it, while traffic goes on."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import Tenant
from tests.patience import patient


async def test_a_restored_backup_is_what_counts_again(fleet: Fleet, archive: Path, tmp_path: Path) -> None:
    accounts, postgres = fleet.accounts[0], fleet.postgres
    assert postgres is not None
    tenant, cache = await asyncio.to_thread(signed_up, fleet)
    key, id = await asyncio.to_thread(tenant.new_key)
    connections = [Connection(router.address, key) for router in fleet.routers]
    addresses = [router.address for router in fleet.routers]
    async with Workload(Reach(addresses, tenant.key, cache), Shape(topics=4)) as load:
        await load.go_on()
        await asyncio.to_thread(postgres.dump, tmp_path / "backup")
        lost = [await asyncio.to_thread(tenant.new_cache) for _ in range(5)][-1]
        assert [await connection.publish(lost, "topic", "x") for connection in connections] == ["OK"] * 3
        before = size(archive)
        await asyncio.to_thread(until, lambda: size(archive) > before, what="usage that the backup does not have")
        await asyncio.to_thread(accounts.kill)
        await asyncio.to_thread(postgres.restore, tmp_path / "backup")
        replayed = await asyncio.to_thread(usage, "replay", archive, postgres.url)
        assert int(replayed.stdout.partition(" ")[0]) > 0, replayed
        with load.at_ease():
            await asyncio.to_thread(accounts.restart)
        for connection in connections:
            await until_answered(connection, lost, "NOT_FOUND")
        made = await asyncio.to_thread(tenant.new_cache)
        assert [await connection.publish(made, "topic", "x") for connection in connections] == ["OK"] * 3
        found = await load.settle()
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert set(found.discontinuities.values()) == {0}
    await asyncio.to_thread(until, lambda: usage("verify", None, postgres.url).returncode == 0, what="a clean proof")
    await asyncio.to_thread(tenant.revoke, id)
    for connection in connections:
        await until_answered(connection, cache, "UNAUTHENTICATED")
        await connection.aclose()


def signed_up(fleet: Fleet) -> tuple[Tenant, str]:
    tenant = fleet.sign_up()
    return tenant, tenant.new_cache()


def size(archive: Path) -> int:
    return sum(file.stat().st_size for file in archive.iterdir())


def usage(command: str, folder: Path | None, database_url: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `tidings usage`."""
    words = [command, *([str(folder)] if folder else []), "--database-url", database_url]
    program = [sys.executable, "-m", "cli.main", "usage", *words]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=patient(60), check=False)


async def until_answered(connection: Connection, cache: str, answer: str) -> None:
    """Publish until it is answered so."""
    async with asyncio.timeout(20):
        while await connection.publish(cache, "topic", "x") != answer:
            await asyncio.sleep(0.05)
