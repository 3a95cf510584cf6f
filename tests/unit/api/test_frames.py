"""Frames over a real connection of this machine."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from api import frames
from api.frames import MAX_FRAME_BYTES, FrameError, Frames
from tests.patience import patient

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connection() -> AsyncGenerator[tuple[Streams, Streams]]:
    """Connect two ends; the first one has asked for it."""
    accepted: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result((reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    here = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    there = await accepted
    try:
        yield here, there
    finally:
        here[1].close()
        there[1].close()
        server.close()


async def test_what_one_side_sends_the_other_receives_in_order() -> None:
    sent = [bytes([number % 256]) * (1 + number * 997) for number in range(300)]
    async with connection() as (here, there):
        one, other = Frames(*here, asks=True), Frames(*there, asks=False)

        async def send() -> None:
            for frame in sent:
                await one.send(frame)
            here[1].write_eof()

        sending = asyncio.create_task(send())
        received = [frame async for frame in other.received()]
        await sending
        one.close()
    assert received == sent


@pytest.mark.parametrize("cut", [2, 4, 6])
async def test_a_frame_that_is_cut_off_is_an_error(cut: int) -> None:
    async with connection() as (here, there):
        here[1].write(b"\x05\x00\x00\x00hello"[:cut])
        here[1].write_eof()
        with pytest.raises(FrameError, match="cut off"):
            await anext(Frames(*there, asks=False).received())


async def test_a_frame_that_is_too_long_is_refused_by_its_length() -> None:
    async with connection() as (here, there):
        here[1].write((MAX_FRAME_BYTES + 1).to_bytes(4, "little"))
        with pytest.raises(FrameError, match="16777217 bytes"):
            await anext(Frames(*there, asks=False).received())


async def test_a_silent_side_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ASK_SECONDS", 0.01)
    async with connection() as (here, _), asyncio.timeout(patient(5)):
        one = Frames(*here, asks=True)
        with pytest.raises(FrameError, match="no answer in time"):
            await anext(one.received())


async def test_a_side_that_has_nothing_to_say_answers_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(frames, "MOST_UNANSWERED", 100)  # of a machine that stands still, too
    async with connection() as (here, there), asyncio.timeout(patient(10)):
        one, other = Frames(*here, asks=True), Frames(*there, asks=False)
        listening = [asyncio.ensure_future(anext(each.received())) for each in (one, other)]
        asked = 0
        while asked < 5:  # a question is answered: the count begins anew
            while not one._unanswered:
                await asyncio.sleep(0.001)
            while one._unanswered:
                await asyncio.sleep(0.001)
            asked += 1
        await other.send(b"still here")
        assert await listening[0] == b"still here"
        listening[1].cancel()
        one.close()
