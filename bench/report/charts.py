"""One bar chart for each scenario in which systems are compared, as SVG without scripts."""

import re
from functools import partial
from pathlib import Path
from typing import Final, Protocol, cast

import pygal
from pygal.style import Style

from bench.report.markdown import number
from bench.report.summary import Summary
from bench.scenarios.interface import Against
from bench.systems.interface import BY_ENVOY, FLEET, FLEET_GRPC_PORT, GRPC_PORT

_COLOURS: Final = {
    "Tidings": "#1f6feb",
    GRPC_PORT: "#4b2fb8",
    BY_ENVOY: "#0b3d91",
    FLEET: "#6f9ff0",
    FLEET_GRPC_PORT: "#9a86e0",
    "Redis": "#c0392b",
    "NATS": "#27ae60",
}
_OTHER_COLOUR: Final = "#7f8c8d"
_UNWANTED: Final = re.compile(r"<!--.*?-->|<script.*?</script>", re.DOTALL)


class _Chart(Protocol):
    uuid: str
    title: str
    x_labels: list[str]

    def add(self, title: str, values: list[dict[str, object]]) -> None: ...

    def render(self, *, is_unicode: bool) -> str: ...


def write(folder: Path, summaries: list[Summary]) -> None:
    """Write `<scenario>.svg` for each scenario that compares systems."""
    folder.mkdir(parents=True, exist_ok=True)
    for summary in summaries:
        if summary.scenario.against is Against.ALL:
            (folder / f"{summary.scenario.name}.svg").write_text(chart(summary), encoding="utf-8")


def chart(summary: Summary) -> str:
    """Return one bar for each system, of the scenario's first figure."""
    scenario = summary.scenario
    figure = scenario.figures[0]
    drawn = cast(
        "_Chart",
        pygal.HorizontalBar(
            js=[],
            width=720,
            height=200,
            explicit_size=True,
            show_legend=False,
            show_y_guides=False,
            style=Style(font_family="sans-serif", title_font_size=14, label_font_size=12, major_label_font_size=12),
            value_formatter=partial(number, decimals=figure.decimals),
        ),
    )
    better = "more" if scenario.more_is_better else "less"
    drawn.title = f"{scenario.title}: {figure.title} ({better} is better)"
    ordered = list(reversed(summary.systems))
    drawn.uuid = scenario.name
    drawn.x_labels = [f"{each.system}  {number(each.values[figure.key], figure.decimals)}" for each in ordered]
    bars: list[dict[str, object]] = [
        {"value": each.values[figure.key], "color": _COLOURS.get(each.system, _OTHER_COLOUR)} for each in ordered
    ]
    drawn.add(figure.title, bars)
    return _UNWANTED.sub("", drawn.render(is_unicode=True)) + "\n"
