"""A file of lines: whole ones, wherever it was moved to, and none that anybody waits for."""

import asyncio
import logging
from pathlib import Path

import pytest

from cli.line_file import LineFile
from tests.patience import patient


async def until_it_has(path: Path, text: str) -> None:
    async with asyncio.timeout(patient(10)):
        while _text(path) != text:
            await asyncio.sleep(0.01)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def test_lines_are_written_while_it_goes_on_and_follow_a_file_that_was_moved(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    file = LineFile(path, write_seconds=0.01)
    file.start()
    file.put(b"one\n")
    file.put(b"two\n")
    await until_it_has(path, "one\ntwo\n")
    path.replace(tmp_path / "access.log.1")
    file.put(b"three\n")
    await until_it_has(path, "three\n")
    await file.close()
    assert (tmp_path / "access.log.1").read_text() == "one\ntwo\n"


async def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "access.log")
    file.start()
    file.put(b"last\n")
    await file.close()
    assert (tmp_path / "access.log").read_text() == "last\n"


async def test_several_append_to_one_file(tmp_path: Path) -> None:
    files = [LineFile(tmp_path / "access.log", write_seconds=0.001) for _ in range(4)]
    for file in files:
        file.start()
    for number in range(1000):
        files[number % 4].put(b"%d " % number * 100 + b"\n")
        await asyncio.sleep(0)
    await asyncio.gather(*(file.close() for file in files))
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert sorted(lines) == sorted(f"{number} " * 100 for number in range(1000))


async def test_a_disk_without_room_costs_lines_and_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "access.log"
    path.symlink_to("/dev/full")
    file = LineFile(path, write_seconds=0.001)
    with caplog.at_level(logging.WARNING):
        file.start()
        for number in range(3):
            file.put(b"lost\n")
            async with asyncio.timeout(patient(10)):
                while f"{number + 1} lost" not in repr(file):
                    await asyncio.sleep(0.001)
        path.unlink()
        file.put(b"kept\n")
        await file.close()
    first, then = (record.getMessage() for record in caplog.records)
    assert "No space left" in first
    assert "3 lines of it were lost" in then
    assert path.read_text() == "kept\n"


async def test_a_line_that_was_written_in_part_has_an_end_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    file = LineFile(path)
    file._is_torn = path.write_text('{"half') > 0
    file.put(b"next\n")
    await file.close()
    assert path.read_text() == '{"half\nnext\n'


async def test_what_a_slow_disk_keeps_waiting_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = LineFile(tmp_path / "access.log", most_waiting=10)
    for _ in range(15):
        file.put(b"x\n")
    with caplog.at_level(logging.WARNING):
        await file.close()
    assert (tmp_path / "access.log").read_text() == "x\n" * 10
    assert "the disk is slow" in caplog.text
