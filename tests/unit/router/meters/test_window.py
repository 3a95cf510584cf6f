"""Counts in a window are whole at every moment, for whoever reads the memory after the process is dead."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.usage import CONCURRENCY, DELIVERY, PUBLISH, SUBSCRIPTION, Line
from router.meters.window import NO_DIGEST, Damaged, Full, Key, Row, Window, read, seal

PUBLISHED: Key = ("acme", "acme-cache", PUBLISH, "key:key_1")
BYTES = 4096


def window(size: int = BYTES) -> Window:
    return Window(bytearray(size), 7, 29_000_000)


def lines(of: Window) -> list[Line]:
    return read(bytearray(of.memory)).lines


class Killed(BaseException):
    """Takes the place of SIGKILL."""


class Words:
    """Memory that takes so many stores; then the process is dead."""

    def __init__(self, words: "memoryview[int]", stores: int) -> None:
        self.words = words
        self.stores = stores

    def __len__(self) -> int:
        return len(self.words)

    def __setitem__(self, place: int, value: int) -> None:
        if not self.stores:
            raise Killed
        self.stores -= 1
        self.words[place] = value


def test_what_was_counted_is_read_by_account_cache_meter_and_principal() -> None:
    counted = window()
    counted.row(PUBLISHED).add(1, 100, 1)
    counted.row(PUBLISHED).add(2, 5000, 6)
    counted.row(("acme", "acme-cache", DELIVERY, "token:ädá")).add(1, 0, 1)
    counted.row(("bolt", "bolt-cache", SUBSCRIPTION, "")).add(12)
    counted.row(("bolt", "", CONCURRENCY, "")).raise_to(3)
    counted.row(("bolt", "", CONCURRENCY, "")).raise_to(2)
    assert lines(counted) == [
        Line(*PUBLISHED, 3, 5100, 7),
        Line("acme", "acme-cache", DELIVERY, "token:ädá", 1, 0, 1),
        Line("bolt", "bolt-cache", SUBSCRIPTION, "", seconds=12),
        Line("bolt", "", CONCURRENCY, "", peak=3),
    ]


def test_a_row_in_which_nothing_was_counted_is_no_line() -> None:
    counted = window()
    counted.row(PUBLISHED)
    assert not counted.has_counted
    assert lines(counted) == []


@pytest.mark.parametrize("stores", range(4))
def test_a_count_that_a_kill_cuts_short_is_not_there_at_all(stores: int) -> None:
    counted = window()
    row = counted.row(PUBLISHED)
    row.add(1, 100, 1)
    row.add(1, 100, 1)
    row._words = cast("Any", Words(row._words, stores))
    with pytest.raises(Killed):
        row.add(1, 2000, 2)
    assert lines(counted) == [Line(*PUBLISHED, 2, 200, 2)]


def test_a_count_is_there_with_its_last_store() -> None:
    counted = window()
    row = counted.row(PUBLISHED)
    row._words = cast("Any", Words(row._words, 4))
    row.add(1, 2000, 2)
    assert lines(counted) == [Line(*PUBLISHED, 1, 2000, 2)]


def test_a_row_that_a_kill_cuts_short_is_not_there() -> None:
    stores = 0
    while True:
        counted = window()
        counted.row(PUBLISHED).add(1, 1, 1)
        counted._words = cast("Any", Words(counted._words, stores))
        try:
            counted._new_row(b"x" * 40)
            break
        except Killed:
            assert lines(counted) == [Line(*PUBLISHED, 1, 1, 1)]
            stores += 1
    assert stores == 4


def test_a_window_without_room_says_so_and_keeps_what_it_has() -> None:
    counted = window(512)
    rows: list[Row] = []
    with pytest.raises(Full):
        rows.extend(counted.row((f"account-{number}", "", PUBLISH, "")) for number in range(100))
    for row in rows:
        row.add(1, 1, 1)
    assert len(lines(counted)) == len(rows) > 1


def test_numbers_may_be_as_large_as_a_word() -> None:
    counted, most = window(), 2**64 - 1
    counted.row(PUBLISHED).add(2**53, most, 2**63)
    assert lines(counted)[0][4:7] == (2**53, most, 2**63)


def test_a_sealed_window_says_what_its_batch_says() -> None:
    counted = window()
    assert read(bytearray(counted.memory)).previous is None
    used = seal(counted.memory, bytes(range(32)), last=True)
    contents = read(bytearray(counted.memory)[:used])
    assert (contents.number, contents.minute, contents.previous, contents.last) == (
        7,
        29_000_000,
        bytes(range(32)),
        True,
    )
    seal(counted.memory, NO_DIGEST)
    assert read(bytearray(counted.memory)).previous == NO_DIGEST


@given(st.binary(max_size=64), st.integers(0, 400))
def test_bytes_that_are_no_whole_window_are_told(noise: bytes, place: int) -> None:
    counted = window(512)
    counted.row(PUBLISHED).add(1, 1, 1)
    data = bytearray(counted.memory)
    data[place : place + len(noise)] = noise
    try:
        read(data[:400])
    except Damaged:
        return
    read(data[:400])


def test_what_is_ready_to_be_counted_and_was_not_does_not_keep_a_window_from_being_quiet() -> None:
    window = Window(bytearray(4096), 1, 1)
    window.row(("acme", "cache", "subscription", "")).add(3)
    published = window.row(("acme", "cache", "publish", ""))
    assert window.has_only("subscription")
    assert not window.has_only("concurrency")
    published.add(1, 1, 1)
    assert not window.has_only("subscription")
