"""The report as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from bench.physical import Costs
from bench.report import aims
from bench.report.machine import Machine
from bench.report.summary import Figures, Summary
from bench.run import Results
from bench.scenarios.interface import Against
from bench.systems.interface import BY_ENVOY, FLEET, FLEET_GRPC_PORT, GRPC_PORT

_METHOD = """\
All systems run one after the other on the same machine, each freshly started and alone, and share its cores with the
load generators. Publishers and subscribers are raw sockets in processes of their own, the same for all systems; what is
sent is prepared beforehand, what arrives is counted and not decoded. Cores are those that each group of processes used
within the window, *others* being whatever else ran on the machine, the kernel's own work for the network included;
*limited by* names what was exhausted: a generator process that used 90 % of a core or more; cores that something else
used, if 0.2 or more; all cores together (95 % or more busy); or else the server."""

_LIMITS = """\
Measured here before the last run: {costs}. The limit of a figure in MB/s is that each byte is copied twice, into the
sender's socket and out of it; buffers that stay in a cache go beyond it, and what a server copies besides stays below.
The limit of acknowledged publishes is that each publish and each acknowledgement is sent and received by itself, on all
cores; whoever handles several with one call, as all of them do under load, goes beyond it."""

_AIMS = """\
What the service is to reach on two cores, and what it reached here. Ratios to Redis and NATS are to them as they are by
default. A fleet is compared with one process that is reached by the same way."""

OURS = ("Tidings", GRPC_PORT, BY_ENVOY, FLEET, FLEET_GRPC_PORT)
"""All in one process, by each way for native gRPC, and a fleet by two of them."""

PEERS = ("Redis", "NATS")
TUNED = ("Redis, tuned", "NATS, tuned")
"""For a fan-out, as `bench/systems/peers.py` tells; the ratios are against the defaults."""


def report(machine: Machine, results: Results, all_of_it: Sequence[Summary]) -> str:
    """Return the whole report."""
    parts = ["# Benchmarks", f"Machine: {machine}.", _versions(results.versions), _METHOD]
    if results.began:
        names = ", ".join(f"`{name}` ({when})" for name, when in results.began.items())
        parts += [f"Not from one run: measured later on the same machine were {names}."]
    if results.failures:
        parts += ["## Not measured", "\n".join(f"* {failure}" for failure in results.failures)]
    parts += ["## Side by side", _side_by_side(all_of_it)]
    head, *reached = aims.rows(all_of_it)
    if reached:
        parts += ["## Aims", _AIMS, table([head, *reached])]
    if results.costs:
        parts += [
            "## Beside what the machine can do",
            _LIMITS.format(costs=results.costs),
            _limits(results.costs, all_of_it),
        ]
    parts += [part for summary in all_of_it for part in _section(summary)]
    return "\n\n".join(parts) + "\n"


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its first row as the head, all but the first column to the right."""
    head, *body = rows
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def number(value: float | None, decimals: int = 0) -> str:
    """Return a figure for a table."""
    return "-" if value is None else f"{value:,.{decimals}f}"


def _versions(versions: Mapping[str, str]) -> str:
    return "Versions: " + ", ".join(f"{system} {version}" for system, version in versions.items()) + "."


def _side_by_side(all_of_it: Sequence[Summary]) -> str:
    rows = [["", *OURS, *PEERS, *TUNED, *(f"Tidings / {peer}" for peer in PEERS), "better is"]]
    for summary in all_of_it:
        scenario = summary.scenario
        if scenario.against is not Against.ALL:
            continue
        figure = scenario.figures[0]
        rows.append(
            [
                f"{scenario.title}, {figure.title}",
                *(number(summary.main(system), figure.decimals) for system in (*OURS, *PEERS, *TUNED)),
                *(number(summary.against(peer), 2) for peer in PEERS),
                "more" if scenario.more_is_better else "less",
            ]
        )
    return table(rows)


def _limits(costs: Costs, all_of_it: Sequence[Summary]) -> str:
    rows = [["", "", "system", "measured", "limit", "% of it"]]
    for summary in all_of_it:
        for figure in summary.scenario.figures:
            for each in summary.systems:
                limit = costs.limits(each.values).get(figure.key)
                if limit is not None:
                    value = each.values[figure.key]
                    share = number(100 * value / limit, 1)
                    rows.append([summary.scenario.name, figure.title, each.system, number(value), number(limit), share])
    return table(rows)


def _section(summary: Summary) -> list[str]:
    scenario = summary.scenario
    charted = [f"![{scenario.title}](charts/{scenario.name}.svg)"] if scenario.against is Against.ALL else []
    figures = [["", *(figure.title for figure in scenario.figures)]]
    figures += [
        [each.system, *(number(each.values[figure.key], figure.decimals) for figure in scenario.figures)]
        for each in summary.systems
    ]
    return [f"## {scenario.title}", scenario.explanation, table(figures), *_cores(summary), *_spread(summary), *charted]


def _cores(summary: Summary) -> list[str]:
    groups = list(summary.systems[0].cores)
    if not groups:
        return []
    rows = [["cores used", *groups, "limited by"]]
    rows += [
        [each.system, *(number(each.cores[group], 2) for group in groups), ", ".join(each.limits)]
        for each in summary.systems
    ]
    return [table(rows)]


def _spread(summary: Summary) -> list[str]:
    if summary.systems[0].repetitions == 1:
        return []
    figure = summary.scenario.figures[0]

    def line(each: Figures) -> str:
        return f"{each.system} {number(each.lowest, figure.decimals)} to {number(each.highest, figure.decimals)}"

    spread = "; ".join(line(each) for each in summary.systems)
    return [f"Medians of {summary.systems[0].repetitions} repetitions; {figure.title}: {spread}."]
