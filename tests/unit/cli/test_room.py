import pytest

from cli import room

MIB = 2**20


def test_of_little_memory_a_part_is_taken_and_of_much_no_more_than_is_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory_bytes", lambda: 800 * MIB)
    assert room.fitted(512 * MIB, 8) == 100 * MIB
    assert room.fitted(64 * MIB, 8) == 64 * MIB


def test_what_may_be_filled_leaves_half_of_a_machine_that_does_everything() -> None:
    parts = (room.HISTORY_BESIDE_A_ROUTER, room.SLOW_READERS, room.UNFINISHED_REQUESTS)
    assert sum(1 / part for part in parts) <= 0.5
