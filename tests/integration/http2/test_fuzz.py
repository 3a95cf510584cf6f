"""Bytes and frames by chance: nothing raises, nothing hangs, and nothing is left.

Some dozens of each always; `TIDINGS_FUZZ_EXAMPLES=100000` for a night.
"""

import asyncio
import os
import struct
from collections.abc import Callable

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving
from tests.patience import patient
from tests.unit.clock import LeapingLoop

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
EXAMPLES = int(os.environ.get("TIDINGS_FUZZ_EXAMPLES", "40"))
pytestmark = pytest.mark.timeout(patient(max(120, EXAMPLES // 10)))

BLOCKS = (
    wire.block(wire.fields()),
    wire.block(wire.fields("/silent")),
    wire.block(wire.fields("/stream/20/5000")),
    wire.block(wire.fields("/raises_midway")),
    wire.block(wire.fields(extra=[("content-length", "5")])),
    wire.block(wire.fields("/%ff")),
    wire.block(wire.fields(method="GET")),
    wire.block([("x-trailer", "1")]),
    wire.block(wire.fields()) + b"\x40\x01a\x01b",
    wire.block(wire.fields()) + b"\xbe",
    b"\x20" + wire.block(wire.fields()),
)
STREAMS = st.sampled_from([0, 1, 1, 1, 3, 3, 5, 7, 2, 2**31 - 1, 2**31 + 1])
KINDS = st.one_of(st.integers(0, 9), st.integers(0, 255))
FLAGS = st.one_of(st.sampled_from([0, 1, 4, 5, 8, 9, 0x20, 0x24, 0x25, 0x2D]), st.integers(0, 255))
NUMBERS = st.sampled_from([0, 1, 2, 100, 65_535, 2**31 - 1, 2**31, 2**32 - 1])
SETTING = st.tuples(st.integers(0, 7), NUMBERS)

anything = st.builds(wire.frame, KINDS, FLAGS, STREAMS, st.binary(max_size=40))
heads = st.builds(
    wire.frame, st.just(wire.HEADERS), st.sampled_from([4, 4, 4, 5, 5, 0, 1]), STREAMS, st.sampled_from(BLOCKS)
)
continuations = st.builds(
    wire.frame,
    st.just(wire.CONTINUATION),
    st.sampled_from([0, 4]),
    STREAMS,
    st.one_of(st.sampled_from(BLOCKS), st.binary(max_size=20)),
)
bodies = st.builds(
    wire.frame,
    st.just(wire.DATA),
    st.sampled_from([0, 0, 1, 8, 9]),
    STREAMS,
    st.sampled_from([0, 1, 5, 1000, 16_384]).map(bytes),
)
priorities = st.builds(
    wire.frame, st.just(wire.PRIORITY), st.just(0), STREAMS, STREAMS.map(lambda on: struct.pack(">IB", on, 1))
)
small = st.one_of(
    st.builds(wire.window_update, STREAMS, NUMBERS),
    st.builds(wire.reset, STREAMS, st.integers(0, 20)),
    st.builds(wire.settings, st.lists(SETTING, max_size=4)),
    st.just(wire.ACKNOWLEDGED),
    st.builds(wire.ping, st.binary(min_size=8, max_size=8)),
    priorities,
    st.builds(wire.goaway),
)
frames = st.lists(st.one_of(heads, bodies, small, continuations, anything), max_size=40).map(b"".join)
cuts = st.lists(st.integers(0, 2000), max_size=6).map(sorted)
fuzzed = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
loops = pytest.mark.parametrize("loop", [LeapingLoop, uvloop.new_event_loop], ids=["leaping", "uvloop"])


@loops
@fuzzed
@given(said=st.binary(max_size=300), greeted=st.booleans(), cut=cuts)
def test_any_bytes_are_borne(loop: LoopFactory, said: bytes, greeted: bool, cut: list[int]) -> None:
    run(loop, (wire.PREFACE if greeted else b"") + said, cut)


@loops
@fuzzed
@given(said=frames, cut=cuts)
def test_any_frames_are_borne(loop: LoopFactory, said: bytes, cut: list[int]) -> None:
    run(loop, wire.PREFACE + said, cut)


@loops
@fuzzed
@given(said=frames, other=frames)
def test_frames_that_are_broken_are_borne(loop: LoopFactory, said: bytes, other: bytes) -> None:
    """Whole frames, then the beginning of another sequence anywhere in one of them."""
    run(loop, wire.PREFACE + said[: len(said) * 2 // 3] + other, [])


@loops
@fuzzed
@given(sent=st.binary(max_size=60), is_header=st.booleans())
def test_any_header_of_a_proxy_is_borne(loop: LoopFactory, sent: bytes, is_header: bool) -> None:
    signature = b"\r\n\r\n\0\r\nQUIT\n" if is_header else b""
    run(loop, signature + sent, [], proxied=True)


def run(loop: LoopFactory, said: bytes, cut: list[int], *, proxied: bool = False) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(borne(said, cut, proxied=proxied))


async def borne(said: bytes, cut: list[int], *, proxied: bool) -> None:
    async with serving(proxied=proxied) as service:
        peer = await service.stranger()
        for start, end in zip([0, *cut], [*cut, len(said)], strict=True):
            peer.send(said[start:end])
            await asyncio.sleep(0)
        if not proxied:
            await others(service)
        peer.grants = True
        peer.send(wire.window_update(0, 2**20))
        await asyncio.sleep(0)


async def others(service: Service) -> None:
    """A connection beside is served, and what was said before has been read by then."""
    for _ in range(2):
        await service.serves_others()
