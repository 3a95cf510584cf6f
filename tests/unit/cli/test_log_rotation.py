"""The bound on the access log."""

import asyncio
from contextlib import suppress
from pathlib import Path

from cli.supervisor.log_rotation import keep_bounded
from tests.patience import patient


async def test_a_log_over_its_bound_is_moved_aside_and_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("0123456789")
    reopened = asyncio.Event()

    async def reopen() -> None:
        path.write_text("new")
        reopened.set()

    watch = asyncio.create_task(keep_bounded(path, reopen, most_bytes=5, look_seconds=0))
    async with asyncio.timeout(patient(5)):
        await reopened.wait()
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    assert path.read_text() == "new"
    assert (tmp_path / "access.log.1").read_text() == "0123456789"


async def test_no_log_yet_is_no_error(tmp_path: Path) -> None:
    async def reopen() -> None:
        raise AssertionError

    watch = asyncio.create_task(keep_bounded(tmp_path / "none.log", reopen, look_seconds=0))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not watch.done()
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
