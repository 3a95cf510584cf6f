import asyncio

import pytest

from api.outbox import BATCH_BYTES, Outbox, Overflow
from tests.patience import patient


async def drained(outbox: Outbox[str], batches: int) -> list[list[str]]:
    """Return the next so many batches."""
    written: list[list[str]] = []
    done = asyncio.Event()

    async def write(batch: list[str]) -> None:
        written.append(batch)
        if len(written) == batches:
            done.set()

    task = asyncio.create_task(outbox.drain_into(write))
    async with asyncio.timeout(patient(10)):
        await done.wait()
    task.cancel()
    return written


async def test_what_waits_goes_out_together_and_in_order() -> None:
    outbox: Outbox[str] = Outbox(1000)
    for message in "abc":
        outbox.put(message, 1)
    assert await drained(outbox, 1) == [["a", "b", "c"]]


async def test_a_batch_is_closed_when_it_is_full() -> None:
    outbox: Outbox[str] = Outbox(10 * BATCH_BYTES)
    for message in "abcd":
        outbox.put(message, BATCH_BYTES // 2)
    assert await drained(outbox, 2) == [["a", "b"], ["c", "d"]]


async def test_a_message_larger_than_a_batch_goes_out_alone() -> None:
    outbox: Outbox[str] = Outbox(10 * BATCH_BYTES)
    outbox.put("small", 1)
    outbox.put("large", 3 * BATCH_BYTES)
    outbox.put("next", 1)
    assert await drained(outbox, 3) == [["small"], ["large"], ["next"]]


async def test_more_than_its_bound_is_refused_and_there_is_room_again_after_a_write() -> None:
    outbox: Outbox[str] = Outbox(10)
    outbox.put("a", 10)
    with pytest.raises(Overflow, match="10 bytes wait already"):
        outbox.put("b", 1)
    assert repr(outbox) == "<Outbox 1 messages, 10 of 10 bytes>"
    assert await drained(outbox, 1) == [["a"]]
    outbox.put("b", 10)
    assert await drained(outbox, 1) == [["b"]]


async def test_what_is_insisted_on_is_never_refused_and_fills_batches_as_all_else() -> None:
    outbox: Outbox[str] = Outbox(BATCH_BYTES)
    for message in "abc":
        outbox.insist(message, BATCH_BYTES)
    with pytest.raises(Overflow):
        outbox.put("d", 1)
    assert await drained(outbox, 3) == [["a"], ["b"], ["c"]]


async def test_a_message_that_comes_while_one_is_written_waits_for_the_next_batch() -> None:
    outbox: Outbox[str] = Outbox(1000)
    written: list[list[str]] = []
    done = asyncio.Event()

    async def write(batch: list[str]) -> None:
        written.append(batch)
        if len(written) == 1:
            outbox.put("b", 1)
        else:
            done.set()

    outbox.put("a", 1)
    task = asyncio.create_task(outbox.drain_into(write))
    async with asyncio.timeout(patient(10)):
        await done.wait()
    task.cancel()
    assert written == [["a"], ["b"]]
