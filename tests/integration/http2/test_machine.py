"""A client by the book that does whatever it may, in any order, against the plainest model: what was sent comes back.

The library h2 holds the server to the windows, and to the order of frames. `TIDINGS_FUZZ_EXAMPLES=10000` for a night.
"""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from tests.integration.http2 import wire
from tests.integration.http2.client import Client
from tests.integration.http2.serving import serving
from tests.patience import patient
from tests.unit.clock import LeapingLoop

EXAMPLES = int(os.environ.get("TIDINGS_FUZZ_EXAMPLES", "25"))
LENGTHS = st.one_of(st.integers(0, 100), st.sampled_from([16_384, 16_385, 65_535, 65_536, 65_537, 150_000]))
WINDOWS = st.sampled_from([0, 1, 10, 1000, 16_384, 65_535, 65_536, 1_000_000])
STREAMS_BYTES = 10_000


def pattern(stream: int, start: int, length: int) -> bytes:
    """Return a part of the bytes that one stream sends, and no other."""
    first, last = start // 8, (start + length) // 8 + 1
    whole = b"".join(b"%03d%05d" % (stream % 1000, number) for number in range(first, last + 1))
    return whole[start - first * 8 :][:length]


class Calls(RuleBasedStateMachine):
    """Begins calls, goes on with them, gives them up, and moves the windows."""

    loop_factory: Any = LeapingLoop

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=type(self).loop_factory)
        self._service = AsyncExitStack()
        self._sending: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._streams: dict[int, tuple[int, int]] = {}

    @initialize(window=WINDOWS)
    def connect(self, window: int) -> None:
        async def connected() -> Client:
            service = await self._service.enter_async_context(serving())
            return await service.client({wire.INITIAL_WINDOW_SIZE: window})

        self._client = self._run(connected())

    @rule(length=LENGTHS, ends=st.booleans(), name=st.sampled_from(["a", "b", "c"]))
    def begin(self, length: int, ends: bool, name: str) -> None:
        stream = self._client.open("/echo", [("x-name", name)])
        self._sending[stream] = 0
        self._go_on(stream, length, ends=ends)

    @precondition(lambda self: self._sending)
    @rule(data=st.data(), length=LENGTHS, ends=st.booleans())
    def go_on(self, data: st.DataObject, length: int, ends: bool) -> None:
        self._go_on(data.draw(st.sampled_from(sorted(self._sending))), length, ends=ends)

    @rule(count=st.integers(0, 20), length=st.integers(1, STREAMS_BYTES))
    def ask_for_a_stream(self, count: int, length: int) -> None:
        self._streams[self._client.begin(f"/stream/{count}/{length}")] = count, length
        self._turns(1)

    @precondition(lambda self: self._sending or self._sent or self._streams)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        stream = data.draw(st.sampled_from(sorted({**self._sending, **self._sent, **self._streams})))
        for calls in (self._sending, self._sent, self._streams):
            calls.pop(stream, None)
        if not self._client.answers[stream].is_over:
            self._client.reset(stream)
        self._turns(1)

    @rule(window=WINDOWS)
    def move_the_windows(self, window: int) -> None:
        self._client.h2.update_settings({wire.INITIAL_WINDOW_SIZE: window})
        self._client.flush()
        self._turns(1)

    @rule(grants=st.booleans())
    def take_or_stop(self, grants: bool) -> None:
        self._client.grants = grants
        if grants:
            self._client.grant()
        self._turns(2)

    @rule(turns=st.integers(1, 20))
    def wait(self, turns: int) -> None:
        self._turns(turns)

    @override
    def teardown(self) -> None:
        try:
            self._run(self._end())
        finally:
            self._runner.close()

    def _go_on(self, stream: int, length: int, *, ends: bool) -> None:
        before = self._sending[stream]
        self._client.data(stream, pattern(stream, before, length), end=ends)
        self._sending[stream] = before + length
        if ends:
            self._sent[stream] = self._sending.pop(stream)
        self._turns(1)

    def _turns(self, count: int) -> None:
        async def turns() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self._run(turns())
        self._client.check()

    def _run(self, does: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(does)

    async def _end(self) -> None:
        async with self._service:
            if not hasattr(self, "_client"):
                return
            for stream in list(self._sending):
                self._client.data(stream, b"", end=True)
                self._sent[stream] = self._sending.pop(stream)
            self._open_all()
            for stream, length in self._sent.items():
                answer = await self._client.answer(stream)
                assert (answer.status, bytes(answer.body)) == (0, pattern(stream, 0, length))
            for stream, (count, length) in self._streams.items():
                answer = await self._client.answer(stream)
                whole = b"".join(bytes([number]) * length for number in range(count))
                assert (answer.status, bytes(answer.body)) == (0, whole)

    def _open_all(self) -> None:
        client = self._client
        client.grants = True
        client.grant()
        for stream in (None, *self._sent, *self._streams):
            if stream is None or not client.answers[stream].is_over:
                client.h2.increment_flow_control_window(2**24, stream)
        client.flush()


class CallsOnUvloop(Calls):
    loop_factory = staticmethod(uvloop.new_event_loop)


limits = settings(max_examples=EXAMPLES, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow])


class TestCalls(Calls.TestCase):
    settings = limits
    pytestmark = pytest.mark.timeout(patient(max(120, EXAMPLES)))


class TestCallsOnUvloop(CallsOnUvloop.TestCase):
    settings = limits
    pytestmark = pytest.mark.timeout(patient(max(120, EXAMPLES)))
