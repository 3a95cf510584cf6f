"""Puts what a run measured in place of what `results.json` has of the same scenarios and systems."""

import json
from pathlib import Path
from typing import Any

from bench.measurement import Limit, Measurement
from bench.report.machine import Machine
from bench.run import Results


class OtherMachine(Exception):
    """The results that are there are from another machine, so that no report can be made of both."""


def updated(path: Path, machine: Machine, new: Results) -> tuple[Machine, Results]:
    """Return the machine as it was at the first run, and the results of both.

    Raises:
        OtherMachine: see there.
    """
    there = json.loads(path.read_text(encoding="utf-8"))
    first = Machine(**there["machine"])
    if first.kind != machine.kind:
        raise OtherMachine(f"{path} is from {first}, and this is {machine}")
    replaced = {(each.scenario, each.system) for each in new.measurements}
    kept = [each for each in map(_measurement, there["measurements"]) if (each.scenario, each.system) not in replaced]
    began = {**there.get("began", {}), **{each.scenario: machine.began for each in new.measurements}}
    versions = {**there["versions"], **new.versions}
    return first, Results([*kept, *new.measurements], began, new.costs, versions, new.failures)


def _measurement(fields: dict[str, Any]) -> Measurement:
    fields["limit"] = Limit(fields["limit"]) if fields["limit"] else None
    return Measurement(**fields)
