"""A database that was restored, and brought up to date from the archive, bills what the undisturbed one bills."""

import asyncio
import random
import sqlite3
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from accounts.batches.admission import Admission
from accounts.batches.archive import KEPT_DAYS, Archive, batches
from accounts.batches.consumer import Consumer
from accounts.component import Accounts, AccountsSettings
from accounts.database import sqlite_url
from accounts.finance import Finance
from accounts.paging import PageRequest
from api.usage import DELIVERY, PUBLISH, Line
from backplane.interface import UsageBatch
from backplane.memory import MemoryDirectory, MemoryUsage
from cli.main import main
from cli.supervisor.data_folder import DataFolder
from tests.integration.accounts.billing.books import Books, at, plan, shown
from tests.integration.accounts.counted import Boot
from tests.integration.accounts.installation import CHEAP, Installation
from tests.unit.clock import Clock

STEPS = 40
MARCH = at("2028-03-01T01:30")


async def run(*words: str | Path) -> Result:
    """Run a command, in a thread because it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def service(data: Path) -> Accounts:
    settings = AccountsSettings(data, "tidings.test", database_url=sqlite_url(data), hasher=CHEAP)
    return Accounts(settings, MemoryDirectory())


async def bill(finance: Finance, books: Books) -> list[list[str]]:
    """Close the month, and return what all invoices of the account say."""
    await books.turn(MARCH)
    invoices = await finance.invoices.page(books.account, PageRequest(100))
    return [shown((await finance.invoices.read(books.account, invoice.id))[1]) for invoice in invoices.items]


async def test_an_invoice_after_a_restore_is_that_of_the_undisturbed_run(data: Path, tmp_path: Path) -> None:
    chance, file, kept = random.Random(19), tmp_path / "copy.db", tmp_path / "archive"
    dump_at = chance.randrange(STEPS)
    accounts = service(data)
    await accounts.start()
    books = await Books.open(Installation(accounts, MemoryDirectory()), "2028-02-10")
    await books.has(plan(publish_operations="0.0000131", delivery_operations="0.0000007"))
    carried, archive, boot = MemoryUsage(), Archive(kept, "accounts-1"), Boot("router-1", "boot-1")
    consumer = Consumer(accounts.ledger.batches, carried, "accounts-1", Admission(None, tmp_path), archive)
    for step in range(STEPS):
        if step == dump_at:
            assert (await run("backup", "create", file, "--data", data)).exit_code == 0
        units = chance.randint(1, 10**6)
        meter = chance.choice([PUBLISH, DELIVERY])
        line = Line(books.account, "cache_1", meter, "key:k", units, units * 100, units)
        await carried.append([UsageBatch(f"router-1/boot-1/{step + 1}", boot.seal(int(time.time()) // 60, [line]))])
        await consumer.step(0)
    archive.close()
    undisturbed = await bill(accounts.finance, books)
    await accounts.close()
    assert len(undisturbed) == 1

    assert (await run("backup", "restore", file, "--data", data)).exit_code == 0
    replayed = await run("usage", "replay", kept, "--data", data)
    assert replayed.output == f"{STEPS - dump_at} batches were applied; {dump_at} had been before\n"
    restored = service(data)
    await restored.start()
    books.here = Installation(restored, MemoryDirectory())
    assert await bill(restored.finance, books) == undisturbed
    assert (await restored.ledger.verifier.verify()).findings == []
    await restored.close()


async def test_a_restore_is_refused_while_the_service_runs_and_for_what_is_no_backup(
    data: Path, tmp_path: Path
) -> None:
    accounts = service(data)
    await accounts.start()
    await accounts.close()
    (tmp_path / "text").write_text("no database")
    sqlite3.connect(tmp_path / "empty.db").close()
    before = (data / "tidings.db").read_bytes()
    for file in ("text", "empty.db"):
        refused = await run("backup", "restore", tmp_path / file, "--data", data)
        assert (refused.exit_code, "Traceback" in refused.output) == (1, False)
    assert (data / "tidings.db").read_bytes() == before
    held = DataFolder.hold(data)
    assert (await run("backup", "create", tmp_path / "copy.db", "--data", data)).exit_code == 0
    assert (
        "in use by another `tidings up`"
        in (await run("backup", "restore", tmp_path / "copy.db", "--data", data)).output
    )
    held.release()


def test_an_archive_keeps_some_days_and_reads_what_a_crash_has_left(tmp_path: Path) -> None:
    clock = Clock()
    crashed = Archive(tmp_path, "accounts-1", clock)
    crashed.keep([b"one", b"two"])
    crashed.close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    later = Archive(tmp_path, "accounts-2", clock)
    later.keep([b"three"])
    assert list(batches(tmp_path)) == [b"one", b"three"]
    clock.advance(seconds=(KEPT_DAYS + 1) * 86400)
    later.keep([b"four"])
    later.close()
    assert list(batches(tmp_path)) == [b"four"]
