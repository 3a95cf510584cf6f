"""`tidings usage verify`, as a person or a script sees it."""

import asyncio
import json
import time
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import delete

from accounts.batches.models import UsageBatch
from accounts.batches.service import Batches
from accounts.clocks.service import Clocks
from accounts.database import Database, sqlite_url
from accounts.usage.service import Usage
from cli.main import main
from tests.integration.accounts.counted import Boot, published


def count(folder: Path, *, lose: int = 0) -> None:
    async def run() -> None:
        database = Database(sqlite_url(folder))
        await database.start()
        boot, minute = Boot("router-1", "a"), int(time.time()) // 60
        payloads = [boot.seal(minute, [published("acme", "cache", "", 1)]) for _ in range(3)]
        await Batches(database, Usage(), Clocks(), used=lambda _: None).apply(payloads)
        async with database.transaction() as session:
            await session.execute(delete(UsageBatch).where(UsageBatch.number == lose))
        await database.close()

    asyncio.run(run())


def verify(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["usage", "verify", "--data", str(folder), *options])


def test_what_is_right_is_clean(tmp_path: Path) -> None:
    count(tmp_path)
    result = verify(tmp_path)
    assert result.exit_code == 0
    assert "clean: 3 batches of 1 boots, 1 minutes with usage" in result.output
    assert "note: boot router-1/a has not said that it ended" in result.output


def test_what_is_wrong_is_named_and_fails(tmp_path: Path) -> None:
    count(tmp_path, lose=2)
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert "missing: router-1/a/2: the batch is not there" in result.output
    said = json.loads(verify(tmp_path, "--json").output)
    assert said["clean"] is False
    assert said["findings"][0]["what"] == "missing"


def test_a_folder_without_an_installation_is_told(tmp_path: Path) -> None:
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert "there is no installation in" in result.output
    assert list(tmp_path.iterdir()) == []
