"""Scheduled exports: each day or month once, under the same name whenever it is made, in a folder or a bucket."""

import csv
import io
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from accounts.audit import SYSTEM
from accounts.export_schedules import service
from accounts.export_schedules.destinations import Destination, Folder, destination
from accounts.export_schedules.service import Schedules
from accounts.export_schedules.wanted import Wanted
from accounts.jobs import repository
from api.errors import InvalidArgument, Unavailable
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.billing.s3_stand_in import ACCESS_KEY, REGION, SECRET_KEY, s3_stand_in
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


def schedules(books: Books, to: Destination) -> Schedules:
    finance = books.finance
    return Schedules(books.here.accounts.database, finance.clocks, finance.exports, finance.invoices.settings, to)


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


async def test_each_day_is_written_once_it_is_over(here: Installation, tmp_path: Path) -> None:
    books = await Books.open(here, "2028-02-27T10:00:00")
    mine = schedules(books, Folder(tmp_path))
    made = await mine.make(books.account, SYSTEM, Wanted("usage", "csv", "day"))
    await books.use(publish=5)
    await books.turn(at("2028-02-28T00:59:59"))
    assert await mine.run_due() == "0 files"
    await books.turn(at("2028-03-01T01:00:00"))
    assert await mine.run_due() == "3 files"
    assert await mine.run_due() == "0 files"
    folder = tmp_path / books.account / "usage-hour"
    assert sorted(path.name for path in folder.iterdir()) == ["2028-02-27.csv", "2028-02-28.csv", "2028-02-29.csv"]
    (row,) = rows((folder / "2028-02-27.csv").read_bytes())
    assert (row["start"], row["operations"]) == ("2028-02-27T10:00:00Z", "5")
    now = await mine.read(books.account, made.id)
    assert (now.newest, now.rows, now.problem) == (f"{books.account}/usage-hour/2028-02-29.csv", 0, "")
    assert now.next_start * 60 == at("2028-03-01T00:00:00")


async def test_a_clock_that_is_turned_has_the_exports_made_at_once(here: Installation) -> None:
    books, before = await Books.open(here, "2028-02-27T10:00:00"), int(time.time())
    jobs = here.accounts.jobs

    async def next_at() -> int:
        return next(job.next_at for job in await jobs.list() if job.name == "exports.schedule")

    await jobs.register()
    async with here.accounts.database.transaction() as session:
        await repository.hasten(session, "exports.schedule", before + 60)
    await books.turn(at("2028-02-28T10:00:00"))
    assert before <= await next_at() < before + 60


async def test_a_day_that_is_made_again_takes_the_place_of_the_file(here: Installation, tmp_path: Path) -> None:
    books = await Books.open(here, "2028-02-27T10:00:00")
    mine = schedules(books, Folder(tmp_path))
    made = await mine.make(books.account, SYSTEM, Wanted("usage", "jsonl", "day", "day"))
    await books.turn(at("2028-02-28T01:00:00"))
    await mine.run_due()
    file = tmp_path / books.account / "usage-day" / "2028-02-27.jsonl"
    assert file.read_bytes() == b""
    await books.late("2028-02-27T12:00:00", publish=9)
    await mine.again(books.account, SYSTEM, made.id, "2028-02-27")
    assert await mine.run_due() == "1 files"
    assert json.loads(file.read_bytes())["operations"] == 9
    with pytest.raises(InvalidArgument, match="has not come yet"):
        await mine.again(books.account, SYSTEM, made.id, "2028-03-27")


async def test_charges_of_a_month_wait_for_its_invoice(here: Installation, tmp_path: Path) -> None:
    books = await Books.open(here, "2028-02-01T00:00:00", "Europe/Vienna")
    await books.has(plan(publish_operations="0.01"))
    mine = schedules(books, Folder(tmp_path))
    await mine.make(books.account, SYSTEM, Wanted("charges", "focus", "month"))
    await books.use(publish=100)
    await books.turn(at("2028-03-01T00:30:00", "Europe/Vienna"))
    assert await mine.run_due() == "0 files"
    await books.turn(at("2028-03-02T00:00:00", "Europe/Vienna"))
    assert await mine.run_due() == "1 files"
    (row,) = rows((tmp_path / books.account / "charges-focus" / "2028-02.csv").read_bytes())
    assert row["BilledCost"].startswith("1")


async def test_a_bucket_gets_signed_requests_and_a_failure_is_told_and_repeated(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", ACCESS_KEY), ("SECRET_ACCESS_KEY", SECRET_KEY), ("REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    books = await Books.open(here, "2028-02-27T10:00:00")
    async with s3_stand_in() as s3:
        bucket = destination("s3://bills/exports/", s3.url)
        assert bucket is not None
        mine = schedules(books, bucket)
        made = await mine.make(books.account, SYSTEM, Wanted("usage", "cloudevents", "day"))
        await books.use(publish=5, principal="key:k")
        await books.turn(at("2028-02-28T01:00:00"))
        s3.answers += [403]
        assert await mine.run_due() == "0 files, 1 schedules failed"
        failed = await mine.read(books.account, made.id)
        assert "the bucket 'bills' did not take 'exports/" in failed.problem
        s3.answers += [503]
        assert await mine.run_due() == "1 files"
        done = await mine.read(books.account, made.id)
        assert (done.problem, done.rows) == ("", 1)
        await mine.again(books.account, SYSTEM, made.id, "2028-02-27")
        assert await mine.run_due() == "1 files"
        path = f"/bills/exports/{books.account}/usage/2028-02-27.cloudevents.jsonl"
        assert s3.puts == [path, path]
        assert s3.objects[path].count(b"\n") == 1
        assert s3.wrong == []
        bucket.close()


async def test_a_run_that_dies_leaves_the_old_file_and_is_done_again(here: Installation, tmp_path: Path) -> None:
    class Dying(Folder):
        async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
            async def cut() -> AsyncIterator[bytes]:
                yield await anext(pieces)
                raise Unavailable("killed")

            await super().put(name, cut())

    books = await Books.open(here, "2028-02-27T10:00:00")
    await schedules(books, Dying(tmp_path)).make(books.account, SYSTEM, Wanted("usage", "csv", "day"))
    await books.turn(at("2028-02-28T01:00:00"))
    assert await schedules(books, Dying(tmp_path)).run_due() == "0 files, 1 schedules failed"
    assert list((tmp_path / books.account / "usage-hour").iterdir()) == []
    assert await schedules(books, Folder(tmp_path)).run_due() == "1 files"


class Recording(Folder):
    """Notes what it is given, and does not take what begins with one name."""

    def __init__(self, path: Path, refused: str = "") -> None:
        super().__init__(path)
        self.names: list[str] = []
        self._refused = refused

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        if self._refused and name.startswith(self._refused):
            raise RuntimeError("nobody has thought of this")
        self.names.append(name)
        await super().put(name, pieces)


async def test_an_export_that_fails_as_nobody_expected_keeps_no_other_from_its_files(
    here: Installation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = await Books.open(here, "2028-02-27T10:00:00"), await Books.open(here, "2028-02-27T10:00:00")
    to = Recording(tmp_path, refused=mine.account)
    made = [
        await schedules(books, to).make(books.account, SYSTEM, Wanted("usage", "csv", "day")) for books in (mine, other)
    ]
    await mine.turn(at("2028-02-28T01:00:00"))
    await other.turn(at("2028-02-29T01:00:00"))
    assert await schedules(other, to).run_due() == "2 files, 1 schedules failed"
    first, second = [await schedules(mine, to).read(row.account_id, row.id) for row in made]
    assert "internal error" in first.problem
    assert "nobody has thought of this" not in first.problem
    assert "nobody has thought of this" in caplog.text
    assert (second.problem, len(to.names)) == ("", 2)
    await schedules(mine, to).remove(mine.account, SYSTEM, first.id)


async def test_whoever_has_much_made_again_delays_nobody_else(
    here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "FILES_AT_ONCE", 3)
    greedy, calm = await Books.open(here, "2028-02-27T10:00:00"), await Books.open(here, "2028-02-27T10:00:00")
    to = Recording(tmp_path)
    mine = schedules(calm, to)
    made = [await mine.make(greedy.account, SYSTEM, Wanted("usage", "csv", "day")) for _ in range(3)]
    await mine.make(calm.account, SYSTEM, Wanted("usage", "csv", "day"))
    await greedy.turn(at("2028-02-28T01:00:00"))
    await calm.turn(at("2028-02-28T01:00:00"))
    for row in made:
        await mine.again(greedy.account, SYSTEM, row.id, "2000-01-01")
    assert await mine.run_due() == "3 files"
    assert [name.partition("/")[0] for name in to.names] == [calm.account, greedy.account, greedy.account]
    for row in made:
        await mine.remove(greedy.account, SYSTEM, row.id)


async def said(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_schedules_are_made_and_read_over_rest(
    here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await here.tenant("scheduler")
    async with here.rest(authorization=ada.key) as client:
        nowhere = await said(await client.post("/v1/exports/schedules", json={"what": "usage"}), 400)
        assert "sets TIDINGS_EXPORTS_TO" in nowhere["message"]
        monkeypatch.setattr(here.accounts.finance.schedules, "destination", Folder(tmp_path))
        made = await said(await client.post("/v1/exports/schedules", json={"what": "usage", "format": "parquet"}), 201)
        path = f"/v1/exports/schedules/{made['schedule_id']}"
        assert (made["newest"], made["every"], made["problem"]) == (None, "day", None)
        assert (await said(await client.get("/v1/exports/schedules"), 200))["schedules"] == [made]
        assert await said(await client.get(path), 200) == made
        again = await said(await client.post(f"{path}/run", json={"from": "2026-01-31"}), 200)
        assert again["next_from"] == "2026-01-31T00:00:00Z"
        for wrong, problem in (
            ({"what": "charges", "every": "day"}, "charges are those of a month"),
            ({"what": "usage", "format": "focus"}, "usage are not exported as 'focus'"),
        ):
            refused = await said(await client.post("/v1/exports/schedules", json=wrong), 400)
            assert problem in refused["message"]
        await said(await client.delete(path), 204)
        await said(await client.get(path), 404)
