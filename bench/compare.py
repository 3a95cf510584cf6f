"""`python -m bench.compare BEFORE [AFTER]`: the figures of two commits, or of one and those beside this file.

Each commit keeps the results of its last run in `bench/results.json`. Two runs compare well where the machine was the
same and idle; the peers, which no commit changes, show by how much it was not.
"""

import argparse
import json
import statistics
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bench.__main__ import SCENARIOS
from bench.arithmetic import ratio

Medians = Mapping[tuple[str, str], float]
"""By scenario and system."""

_HERE: Final = Path(__file__).parent
_SCENARIOS: Final = {each.name: each for each in SCENARIOS}


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser("python -m bench.compare", description=__doc__)
    parser.add_argument("before", help="a commit, a tag, or a results.json")
    parser.add_argument("after", nargs="?", default=str(_HERE / "results.json"), help="the same (the results here)")
    options = parser.parse_args()
    print("\n".join(table(medians(_read(options.before)), medians(_read(options.after)))))


def medians(results: str) -> Medians:
    """Return the median of the first figure of each scenario and system in a `results.json`."""
    by_run: dict[tuple[str, str], list[float]] = {}
    for each in json.loads(results)["measurements"]:
        scenario = _SCENARIOS.get(each["scenario"])
        if scenario is not None and scenario.figures[0].key in each["values"]:
            by_run.setdefault((scenario.name, each["system"]), []).append(each["values"][scenario.figures[0].key])
    return {run: statistics.median(values) for run, values in by_run.items()}


def table(before: Medians, after: Medians) -> Iterable[str]:
    """Give the lines of a table, one for each figure that both have."""
    yield "| scenario | system | before | after | after / before | better is |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for (name, system), now in after.items():
        if (was := before.get((name, system))) is None:
            continue
        scenario = _SCENARIOS[name]
        decimals = scenario.figures[0].decimals
        better = "more" if scenario.more_is_better else "less"
        yield f"| {name} | {system} | {was:,.{decimals}f} | {now:,.{decimals}f} | {ratio(now, was):.2f} | {better} |"


def _read(name: str) -> str:
    if Path(name).is_file():
        return Path(name).read_text(encoding="utf-8")
    shown = ["git", "show", f"{name}:bench/results.json"]
    done = subprocess.run(shown, check=False, capture_output=True, text=True, cwd=_HERE)
    if done.returncode:
        raise SystemExit(f"no results of '{name}': {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
