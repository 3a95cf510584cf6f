from pathlib import Path

import pytest

from cli import embedded, native_grpc, room
from cli.tiers import storage_tier
from cli.variables.tiers import StorageVariables
from http2.limits import Limits
from storage.settings import HistorySettings
from tests.unit.cli.test_call_log import settings

MIB = 2**20


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory_bytes", lambda: 800 * MIB)
    monkeypatch.setenv("TIDINGS_REDIS_URL", "redis://127.0.0.1:6379")


@pytest.mark.usefixtures("little")
def test_of_little_memory_a_part_is_taken_and_of_much_no_more_than_is_of_use() -> None:
    assert room.fitted(512 * MIB, 8) == 100 * MIB
    assert room.fitted(64 * MIB, 8) == 64 * MIB


def test_what_may_be_filled_leaves_half_of_a_machine_that_does_everything() -> None:
    parts = (room.HISTORY_BESIDE_A_ROUTER, room.SLOW_READERS, room.UNFINISHED_REQUESTS / 2)
    assert sum(1 / part for part in parts) <= 0.5


@pytest.mark.usefixtures("little")
def test_all_nodes_of_one_process_share_a_quarter() -> None:
    assert [node.settings.total_bytes for node in embedded._nodes(4)] == [50 * MIB] * 4


@pytest.mark.usefixtures("little")
def test_a_node_by_itself_has_half_or_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage_tier._history(StorageVariables.read()).total_bytes == 400 * MIB
    monkeypatch.setenv("TIDINGS_HISTORY_TOTAL_BYTES", str(700 * MIB))
    assert storage_tier._history(StorageVariables.read()).total_bytes == 700 * MIB


def test_with_much_memory_a_node_has_what_it_has_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory_bytes", lambda: 64_000 * MIB)
    monkeypatch.setenv("TIDINGS_REDIS_URL", "redis://127.0.0.1:6379")
    assert storage_tier._history(StorageVariables.read()).total_bytes == HistorySettings().total_bytes


@pytest.mark.usefixtures("little")
def test_requests_that_have_not_come_whole_have_a_sixteenth(tmp_path: Path) -> None:
    limits = native_grpc._limits(settings(tmp_path / "access.log", everything=False))
    assert (limits.held_bytes, limits.streams) == (50 * MIB, Limits().streams)
