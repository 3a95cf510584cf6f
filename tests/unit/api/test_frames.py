"""Frames over a real connection of this machine."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from api import frames
from api.frames import MAX_FRAME_BYTES, FrameError, Frames
from tests.patience import patient, until


class Side:
    """One end of a connection, and the frames that came to it."""

    def __init__(self, *, asks: bool = False) -> None:
        self.frames = Frames(asks=asks)
        self.came: list[bytes] = []
        self.had_room = 0

    def begin(self) -> None:
        self.frames.begin(self.came.append, self._has_room)

    def _has_room(self) -> None:
        self.had_room += 1


@asynccontextmanager
async def connection(one: asyncio.Protocol, other: asyncio.Protocol) -> AsyncGenerator[asyncio.Transport]:
    """Connect two ends; give the transport of the first one, which has asked for it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: other, "127.0.0.1", 0)
    transport, _ = await loop.create_connection(lambda: one, *server.sockets[0].getsockname()[:2])
    try:
        yield transport
    finally:
        transport.abort()
        server.close()


async def test_what_one_side_sends_the_other_receives_in_order() -> None:
    sent = [bytes([number % 256]) * (1 + number * 997) for number in range(300)]
    one, other = Side(asks=True), Side()
    other.begin()
    async with connection(one.frames, other.frames) as transport, asyncio.timeout(patient(10)):
        for frame in sent:
            one.frames.send(frame)
        transport.write_eof()
        await other.frames.ended()
    assert other.came == sent


@pytest.mark.parametrize("length", [1, 2, 3, 5, 7])
def test_frames_are_the_same_however_they_are_cut(length: int) -> None:
    sent = [b"one", b"four", b"x" * 20, b"end"]
    data = b"".join(len(frame).to_bytes(4, "little") + frame for frame in sent)

    async def taken() -> list[bytes]:
        side = Side()
        side.begin()
        for start in range(0, len(data), length):
            side.frames.data_received(data[start : start + length])
        return side.came

    assert asyncio.run(taken()) == sent


async def test_what_came_before_somebody_takes_it_is_kept() -> None:
    one, other = Side(), Side()
    async with connection(one.frames, other.frames):
        one.frames.send(b"early")
        await until(lambda: other.frames._parts_bytes > 0)
        other.begin()
        assert other.came == [b"early"]


@pytest.mark.parametrize("cut", [2, 4, 6])
async def test_a_frame_that_is_cut_off_is_an_error(cut: int) -> None:
    other = Side()
    other.begin()
    async with connection(asyncio.Protocol(), other.frames) as transport:
        transport.write(b"\x05\x00\x00\x00hello"[:cut])
        transport.write_eof()
        with pytest.raises(FrameError, match="cut off"):
            await other.frames.ended()
    assert other.came == []


async def test_a_frame_that_is_too_long_is_refused_by_its_length() -> None:
    other = Side()
    other.begin()
    async with connection(asyncio.Protocol(), other.frames) as transport:
        transport.write((MAX_FRAME_BYTES + 1).to_bytes(4, "little"))
        with pytest.raises(FrameError, match="16777217 bytes"):
            await other.frames.ended()


async def test_what_a_frame_cannot_be_taken_for_ends_the_connection() -> None:
    def take(frame: bytes) -> None:
        came.append(frame)
        raise ValueError("no batch")

    came: list[bytes] = []
    one, other = Side(), Side()
    other.frames.begin(take, lambda: None)
    async with connection(one.frames, other.frames):
        one.frames.send(b"one")
        one.frames.send(b"two")
        with pytest.raises(ValueError, match="no batch"):
            await other.frames.ended()
        await one.frames.ended()
        one.frames.send(b"to nobody")
    assert came == [b"one"]


async def test_a_side_that_does_not_read_is_full_until_it_does() -> None:
    one, other = Side(), Side()
    one.begin()
    other.begin()
    async with connection(one.frames, other.frames), asyncio.timeout(patient(10)):
        await until(lambda: hasattr(other.frames, "_transport"))
        other.frames._transport.pause_reading()
        sent = 0
        while not one.frames.is_full:
            one.frames.send(bytes(64 * 1024))
            sent += 1
            await asyncio.sleep(0)
        assert one.had_room == 0
        other.frames._transport.resume_reading()
        await until(lambda: len(other.came) == sent)
        await until(lambda: one.had_room == 1)
        assert not one.frames.is_full


async def test_a_silent_side_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ASK_SECONDS", 0.01)
    one = Side(asks=True)
    async with connection(one.frames, asyncio.Protocol()), asyncio.timeout(patient(5)):
        with pytest.raises(FrameError, match="no answer in time"):
            await one.frames.ended()


async def test_a_side_that_asks_no_more_is_given_up_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ASK_SECONDS", 0.01)
    other = Side()
    other.begin()
    async with connection(asyncio.Protocol(), other.frames), asyncio.timeout(patient(10)):
        with pytest.raises(FrameError, match="no question in time"):
            await other.frames.ended()
    assert repr(other.frames) == "<Frames over, 11 questions not asked>"


async def test_a_side_that_has_nothing_to_say_answers_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(frames, "MOST_UNANSWERED", 100)  # of a machine that stands still, too
    one, other = Side(asks=True), Side()
    one.begin()
    other.begin()
    async with connection(one.frames, other.frames), asyncio.timeout(patient(10)):
        asked = 0
        while asked < 5:  # a question is answered: the count begins anew
            while not one.frames._unanswered:
                await asyncio.sleep(0.001)
            while one.frames._unanswered:
                await asyncio.sleep(0.001)
            asked += 1
        other.frames.send(b"still here")
        await until(lambda: one.came == [b"still here"])
