"""Messages of 1 MiB beside a process that does nothing but send as many bytes to the same readers."""

from dataclasses import replace
from typing import Final

from bench.measurement import Measurement
from bench.scenarios.fanout import Shape, described, measure
from bench.scenarios.interface import Figure, Plan
from bench.scenarios.raw import plain_bytes_per_second
from bench.systems.interface import Running

_MEBIBYTE: Final = 2**20
_SHAPE: Final = Shape("fanout-1mib", 100, value_bytes=_MEBIBYTE, in_flight=2)


def _run(running: Running | None, plan: Plan) -> Measurement:
    measured = measure(_SHAPE, running, plan)
    raw = plain_bytes_per_second(_SHAPE.connections, b"x" * _MEBIBYTE, plan) / 1e6
    values = {**measured.values, "raw": raw, "percent": 100 * measured.values["megabytes"] / raw}
    return replace(measured, values=values)


_BASE: Final = described(_SHAPE)
SCENARIO: Final = replace(
    _BASE,
    explanation=f"{_BASE.explanation} Right after that, while the server idles, one process sends chunks of 1 MiB to "
    f"{_SHAPE.connections} connections of the same readers: the *raw sender*, which is what loopback TCP can do here.",
    figures=(
        Figure("megabytes", "MB/s"),
        Figure("raw", "raw sender, MB/s"),
        Figure("percent", "% of the raw sender"),
        *(figure for figure in _BASE.figures if figure.key != "megabytes"),
    ),
    run=_run,
)
