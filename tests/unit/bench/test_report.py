"""What readers see of a run."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from bench.measurement import Limit, Measurement
from bench.physical import Costs
from bench.report import charts
from bench.report.machine import Machine
from bench.report.markdown import report
from bench.report.summary import summaries
from bench.run import Results, wanted
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.systems.interface import FLEET, Running, System
from bench.update import OtherMachine, updated

MACHINE = Machine("a processor", 2, 8.0, "6.1", "3.11", "2030-01-01 00:00 UTC", 0.25)


def never(_running: Running | None, _plan: Plan) -> Measurement:
    raise AssertionError


SPEED = Scenario("speed", "Speed", "How fast.", (Figure("rate", "messages/s"), Figure("missing", "missing")), never)
SIZE = Scenario("size", "Size", "How big.", (Figure("kb", "KiB", 1),), never, Against.TIDINGS, more_is_better=False)


def run(system: str, rate: float) -> Measurement:
    return Measurement("speed", system, {"rate": rate, "missing": 0.0}, {"server": 1.0, "idle": 0.5}, Limit.SERVER)


MEASUREMENTS = [
    *(run("Tidings", rate) for rate in (3000.0, 1000.0, 2000.0)),
    *(run(FLEET, 1500.0) for _ in range(3)),
    *(run("Redis", 1000.0) for _ in range(3)),
    Measurement("size", "Tidings", {"kb": 21.34}),
]

RESULTS = Results(MEASUREMENTS, {}, None, {"Redis": "6"}, ["Speed, nats: it did not start"])


def test_repetitions_become_a_median_with_its_spread():
    summary = summaries([SPEED, SIZE], MEASUREMENTS)[0]
    ours = summary.systems[0]
    assert (ours.values["rate"], ours.lowest, ours.highest, ours.repetitions) == (2000.0, 1000.0, 3000.0, 3)


def test_ratios_are_against_each_peer_that_was_measured():
    summary = summaries([SPEED], MEASUREMENTS)[0]
    assert summary.against("Redis") == 2.0
    assert summary.against("NATS") is None


def test_the_report_holds_figures_ratios_limits_and_failures():
    text = report(MACHINE, RESULTS, summaries([SPEED, SIZE], MEASUREMENTS))
    assert "| Speed, messages/s | 2,000 | - | - | 1,500 | - | 1,000 | - | - | - | 2.00 | - | more |" in text
    assert "| Tidings | 1.00 | 0.50 | the server |" in text
    assert "| Tidings | 21.3 |" in text
    assert "* Speed, nats: it did not start" in text
    assert "Medians of 3 repetitions; messages/s: Tidings 1,000 to 3,000; Tidings fleet 1,500 to 1,500; Redis" in text
    assert "load average before the run 0.25" in text


def test_a_chart_is_plain_svg(tmp_path: Path):
    charts.write(tmp_path, summaries([SPEED, SIZE], MEASUREMENTS))
    assert [path.name for path in tmp_path.iterdir()] == ["speed.svg"]
    text = (tmp_path / "speed.svg").read_text()
    assert ET.fromstring(text).tag.endswith("svg")
    assert "<script" not in text
    assert "2,000" in text


def test_ways_of_keeping_topics_are_compared_with_each_other_alone():
    systems = {name: cast("System", name) for name in ("tidings", "fleet", "redis", "fleet-everysec", "fleet-always")}
    durable = Scenario("durable", "Durable", "", (Figure("rate", "rate"),), never, Against.DURABILITY)
    assert wanted(SPEED, systems) == ["tidings", "fleet", "redis"]
    assert wanted(durable, systems) == ["fleet", "fleet-everysec", "fleet-always"]


def test_the_report_sets_figures_beside_what_the_machine_can_do():
    scenario = Scenario("fan", "Fan", "", (Figure("megabytes", "MB/s"), Figure("publishes", "publishes/s")), never)
    measured = [Measurement("fan", "Tidings", {"megabytes": 1000.0, "publishes": 50_000.0})]
    results = Results(measured, {"fan": "2030-01-02"}, Costs(2, 8e9, 5e-6))
    text = report(MACHINE, results, summaries([scenario], measured))
    assert "| fan | MB/s | Tidings | 1,000 | 4,000 | 25.0 |" in text
    assert "| fan | publishes/s | Tidings | 50,000 | 200,000 | 25.0 |" in text
    assert "measured later on the same machine were `fan` (2030-01-02)" in text


def test_an_update_replaces_what_was_measured_again_and_keeps_the_rest(tmp_path: Path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"machine": asdict(MACHINE), **asdict(RESULTS)}))
    later = replace(MACHINE, began="later", load=1.0)
    machine, both = updated(path, later, Results([run("Redis", 9.0)], versions={"Redis": "7"}))
    assert machine == MACHINE
    assert (both.began, both.versions) == ({"speed": "later"}, {"Redis": "7"})
    assert [each.values["rate"] for each in both.measurements if each.system == "Redis"] == [9.0]
    assert len(both.measurements) == len(MEASUREMENTS) - 2
    with pytest.raises(OtherMachine):
        updated(path, replace(MACHINE, cores=64), Results())
