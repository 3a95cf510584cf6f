"""The open loop sends each publish when it is due, and not when the next one is."""

import pytest

from bench.load.open_loop import due_after


@pytest.mark.parametrize(
    ("seconds", "due"), [(-0.2, 0), (-0.001, 0), (0.0, 1), (0.004, 1), (0.006, 2), (1.001, 201), (5.001, 1001)]
)
def test_a_publish_is_sent_when_its_time_has_come(seconds: float, due: int) -> None:
    assert due_after(seconds, per_second=200) == due
