"""What two outboxes get, over two ends of a connection that the test itself carries."""

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest

from api import link_pb2 as wire
from api.exchange import Exchange
from api.frames import Frames
from api.outbox import Outbox


class Wire:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.is_aborted = True


class End:
    """One end: an outbox of names, each of which is a request of a batch."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.frames = Frames(asks=False)
        self.frames.connection_made(cast("asyncio.Transport", self.wire))
        self.outbox: Outbox[int] = Outbox(1000)
        self.taken: list[bytes] = []

    def begin(self) -> None:
        Exchange(self.frames, self.outbox, self._said, self.taken.append)

    @staticmethod
    def _said(ids: list[int]) -> Iterator[wire.RouterBatch]:
        if -1 in ids:
            raise ValueError("nothing can be said")
        yield wire.RouterBatch(requests=[wire.Request(id=id) for id in ids])

    @property
    def sent(self) -> list[list[int]]:
        """The ids of each batch that was written."""
        return [
            [request.id for request in wire.RouterBatch.FromString(data[4:]).requests] for data in self.wire.written
        ]


async def turn() -> None:
    """Let the loop have a turn."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_comes_in_one_turn_goes_out_together() -> None:
    end = End()
    end.outbox.put(1, 1)
    end.begin()
    end.outbox.put(2, 1)
    assert end.sent == []
    await turn()
    end.outbox.put(3, 1)
    await turn()
    assert end.sent == [[1, 2], [3]]


async def test_what_comes_while_the_other_side_does_not_read_waits() -> None:
    end = End()
    end.begin()
    end.frames.pause_writing()
    for id in (1, 2):
        end.outbox.put(id, 1)
        await turn()
    assert end.sent == []
    end.frames.resume_writing()
    assert end.sent == [[1, 2]]
    end.outbox.put(3, 1)
    await turn()
    assert end.sent == [[1, 2], [3]]


async def test_what_cannot_be_said_ends_the_connection_and_nothing_is_sent_after_it() -> None:
    end = End()
    end.begin()
    end.outbox.put(-1, 1)
    await turn()
    assert end.wire.is_aborted
    with pytest.raises(ValueError, match="nothing can be said"):
        await end.frames.ended()
    end.outbox.put(2, 1)
    await turn()
    assert end.sent == []
