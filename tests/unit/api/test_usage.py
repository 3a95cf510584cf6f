import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import usage_pb2 as wire
from api.gaps import GapLine
from api.usage import (
    DELIVERY,
    LARGEST_COUNT,
    PUBLISH,
    REFUSED,
    SUBSCRIPTION,
    Batch,
    Line,
    Unreadable,
    decode,
    encode,
    operations,
)

COUNTS = st.integers(0, LARGEST_COUNT - 1)
LINES = st.builds(Line, *[st.text(max_size=8)] * 4, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
BATCHES = st.builds(
    Batch,
    st.text(min_size=1, max_size=8),
    st.text(min_size=1, max_size=8),
    st.integers(1, LARGEST_COUNT - 1),
    st.binary(max_size=32),
    st.integers(1, LARGEST_COUNT - 1),
    st.lists(LINES, max_size=5),
    last=st.booleans(),
)
BATCH = Batch(
    "router-1",
    "boot",
    2,
    b"\1" * 32,
    29_000_000,
    [
        Line("acme", "chat", PUBLISH, "key:k", 2, 1124, 3),
        Line("acme", "chat", DELIVERY, "token:ada", 18, 10_116, 27),
        Line("acme", "chat", SUBSCRIPTION, "token:ada", seconds=9),
        Line("acme", "", REFUSED + "not_found", "key:k", 1),
    ],
)


@pytest.mark.parametrize(
    ("size", "count"), [(0, 1), (1, 1), (1023, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 3), (4096, 4), (2**22, 4096)]
)
def test_an_operation_is_a_kibibyte_or_a_part_of_it(size: int, count: int) -> None:
    assert operations(size) == count


@given(st.integers(0, 2**63))
def test_operations_are_whole_however_large_the_number(size: int) -> None:
    assert (operations(size) - 1) * 1024 < max(size, 1) <= operations(size) * 1024


@given(BATCHES)
def test_a_batch_is_read_as_it_was_written(batch: Batch) -> None:
    assert decode(encode(batch)) == replace(batch, lines=list(batch.lines), gaps=[])


def test_a_batch_is_written_to_the_same_bytes_by_every_version() -> None:
    """A batch is encoded anew by the process that takes over from one that died; its digest must stay."""
    assert encode(BATCH).hex() == (
        "08011208726f757465722d311a04626f6f7420022a20" + "01" * 32 + "30c082ea0d"
        "3a0461636d653a04636861743a077075626c6973683a056b65793a6b3a0864656c69766572793a09746f6b656e3a616461"
        "3a0c737562736372697074696f6e3a003a11726566757365642e6e6f745f666f756e64"
        "420d100118022003280230e4083803420d100118042005281230844f381b42081001180620054009420810071808200328"
        "01"
    )


@pytest.mark.parametrize(
    "message",
    [
        wire.Batch(version=2, router="r", boot="b", number=1, minute=1),
        wire.Batch(version=1, boot="b", number=1, minute=1),
        wire.Batch(version=1, router="r", boot="b", minute=1),
        wire.Batch(version=1, router="r", boot="b", number=1),
        wire.Batch(version=1, router="r", boot="b", number=1, minute=1, lines=[wire.Line(account=1)]),
        wire.Batch(
            version=1, router="r", boot="b", number=1, minute=1, words=[""], lines=[wire.Line(messages=LARGEST_COUNT)]
        ),
    ],
)
def test_what_cannot_be_is_not_read(message: wire.Batch) -> None:
    with pytest.raises(Unreadable):
        decode(message.SerializeToString())


@given(st.binary(max_size=80))
def test_noise_is_told_and_nothing_worse(noise: bytes) -> None:
    with contextlib.suppress(Unreadable):
        decode(noise)


def test_discontinuities_go_with_a_batch_and_a_cause_that_is_not_known_here_is_left_out() -> None:
    gaps = [
        GapLine("acme", "chat", "lobby", "slow_reader", 3, 12, 57),
        GapLine("acme", "", "", "node_loss", 9000),
    ]
    assert decode(encode(replace(BATCH, gaps=gaps))) == replace(BATCH, gaps=gaps)
    newer = encode(replace(BATCH, gaps=[gaps[0]])).replace(b"slow_reader", b"slow_wizard")
    assert decode(newer) == replace(BATCH, gaps=[])


def test_a_discontinuity_that_cannot_be_makes_a_batch_unreadable() -> None:
    with pytest.raises(Unreadable):
        decode(encode(replace(BATCH, gaps=[GapLine("acme", "chat", "lobby", "link", 1, 0, LARGEST_COUNT)])))
