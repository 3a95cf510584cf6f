"""Envoy's bound of memory goes by what a container may take, and not by what its machine has."""

from pathlib import Path

import pytest

from cli.memory import memory_bytes
from cli.supervisor.hosting import heap_of

GIB = 2**30
MIB = 2**20
MACHINE = memory_bytes(Path("/nowhere"))


def tell(root: Path, file: str, text: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text + "\n")


def test_without_control_groups_it_is_the_machines() -> None:
    assert MACHINE > 0


@pytest.mark.parametrize("groups", ["0::/", "0::/system.slice/tidings.service", "2:cpu:/\n0::/a:b/c"])
def test_the_limit_of_a_container_counts(tmp_path: Path, groups: str) -> None:
    tell(tmp_path, "proc/self/cgroup", groups)
    tell(tmp_path, "sys/fs/cgroup/memory.max", str(64 * MIB))
    assert memory_bytes(tmp_path) == 64 * MIB


def test_the_least_limit_counts_of_a_group_and_those_above_it(tmp_path: Path) -> None:
    tell(tmp_path, "proc/self/cgroup", "0::/outer/inner")
    tell(tmp_path, "sys/fs/cgroup/outer/inner/memory.max", str(65 * MIB))
    tell(tmp_path, "sys/fs/cgroup/outer/memory.max", str(64 * MIB))
    tell(tmp_path, "sys/fs/cgroup/memory.max", "max")
    assert memory_bytes(tmp_path) == 64 * MIB


def test_a_limit_of_the_first_version_counts_also_where_its_name_is_the_machines(tmp_path: Path) -> None:
    tell(tmp_path, "proc/self/cgroup", "9:memory:/docker/0123\n1:name=systemd:/docker/0123\n0::/docker/0123")
    tell(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", str(64 * MIB))
    assert memory_bytes(tmp_path) == 64 * MIB


def test_groups_without_a_limit_leave_the_machines(tmp_path: Path) -> None:
    tell(tmp_path, "proc/self/cgroup", "9:memory:/\n0::/")
    tell(tmp_path, "sys/fs/cgroup/memory.max", "max")
    tell(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", str(2**63 - 4096))
    assert memory_bytes(tmp_path) == MACHINE


def test_envoy_leaves_python_its_part() -> None:
    assert heap_of(64 * GIB) == 32 * GIB
    assert heap_of(3 * GIB) == 2_000_000_000
    assert heap_of(2 * GIB) == 2 * GIB * 2 // 3
