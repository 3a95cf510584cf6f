"""The count of a loop's turns, as another process reads it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from cli import turns
from cli.turns import Turns
from tests.patience import patient


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(turns, "EVERY_SECONDS", 0.01)
    return tmp_path / "turns"


@pytest.fixture
async def counting(path: Path) -> AsyncGenerator[Turns]:
    count = Turns(path)
    count.start()
    yield count
    count.close()


async def seen(path: Path, most: int) -> None:
    """Wait until more turns than these are told."""
    async with asyncio.timeout(patient(5)):
        while turns.turns(path) <= most:
            await asyncio.sleep(0.005)


def test_a_loop_that_is_not_there_has_not_turned(path: Path) -> None:
    assert turns.turns(path) == 0


@pytest.mark.usefixtures("counting")
async def test_the_turns_of_a_loop_are_told_as_they_come(path: Path) -> None:
    await seen(path, 0)
    await seen(path, turns.turns(path))


@pytest.mark.usefixtures("counting")
async def test_a_loop_that_stands_still_is_seen_to(path: Path) -> None:
    before = turns.turns(path)
    time.sleep(0.1)  # noqa: ASYNC251 - this is what a loop must not do
    assert turns.turns(path) == before


@pytest.mark.usefixtures("counting")
async def test_a_loop_that_is_late_with_everything_else_still_turns(path: Path) -> None:
    """As one that opens a hundred thousand subscriptions: each of its turns has work for longer than it should take."""
    loop = asyncio.get_running_loop()
    is_over = False

    def work() -> None:
        time.sleep(0.02)
        if not is_over:
            loop.call_soon(work)

    for _ in range(5):
        loop.call_soon(work)
    before = turns.turns(path)
    await seen(path, before + 1)
    is_over = True


async def test_a_loop_that_has_ended_turns_no_more(path: Path) -> None:
    count = Turns(path)
    count.start()
    count.close()
    before = turns.turns(path)
    await asyncio.sleep(0.05)
    assert turns.turns(path) == before
