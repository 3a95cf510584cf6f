"""`tidings usage verify` and `tidings usage export`, as a person or a script sees it."""

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


def export(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["usage", "export", "acme", "--data", str(folder), *options])


def test_usage_is_exported_to_standard_output_and_progress_told_beside_it(tmp_path: Path) -> None:
    count(tmp_path)
    result = export(tmp_path, "--granularity", "minute", "--progress")
    assert result.exit_code == 0, result.output
    header, row = result.stdout.splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["operations"] == "3"
    assert result.stderr.startswith("1 rows, ")


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    count(tmp_path)
    file = tmp_path / "usage.jsonl"
    assert export(tmp_path, "--format", "cloudevents", "--output", str(file), "--no-progress").output == ""
    assert [json.loads(line)["subject"] for line in file.read_text().splitlines()] == ["acme"] * 3
    assert export(tmp_path, "--from", "2028-01-02", "--to", "2028-01-01", "--output", str(file)).exit_code == 1
    assert len(file.read_text().splitlines()) == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_exported_is_told_in_a_sentence(tmp_path: Path) -> None:
    count(tmp_path)
    refused = [
        (export(tmp_path, "--from", "yesterday"), "'from' must be a date or a time"),
        (export(tmp_path, "--output", str(tmp_path / "none" / "file")), "cannot be written: No such file"),
        (verify(tmp_path, "--invoice", "INV-000001"), "invoice 'INV-000001' does not exist"),
    ]
    for result, problem in refused:
        assert result.exit_code == 1
        assert problem in result.output
