"""Two runs side by side: what both measured, and nothing else."""

import json

from bench.compare import medians, table


def results(*publishes: float, system: str = "Tidings") -> str:
    each = [{"scenario": "publish", "system": system, "values": {"publishes": rate}} for rate in publishes]
    gone = {"scenario": "a scenario that is no more", "system": system, "values": {"publishes": 1.0}}
    return json.dumps({"measurements": [*each, gone]})


def test_a_line_has_the_medians_and_their_ratio() -> None:
    *_, line = table(medians(results(1, 20_000, 99_999)), medians(results(30_000)))
    assert line == "| publish | Tidings | 20,000 | 30,000 | 1.50 | more |"


def test_what_only_one_run_has_is_left_out() -> None:
    assert len(list(table(medians(results(1)), medians(results(1, system="NATS"))))) == 2
