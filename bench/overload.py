"""What happens to a service that is asked for three times as much as it can do: `python -m bench.overload`.

The peak is what it accepts of many publishes at a time in a closed loop. Then three times as many come in an open loop.
"""

import tempfile
from pathlib import Path

import click
import psutil

from bench.cpu import Busy
from bench.load.open_loop import publish_open_loop
from bench.load.window import cpu_seconds
from bench.protocols.tidings import TidingsDialect
from bench.systems.tidings import tidings

CONNECTIONS = 20
_STEPS = 8
_FULL = 0.9
_MIB = 2**20


@click.command()
@click.option("--seconds", default=5.0, show_default=True, help="How long each step lasts.")
@click.option("--first", default=2_000, show_default=True, help="Publishes a second of the first step.")
def main(seconds: float, first: int) -> None:
    """Find the peak by doubling the rate, and then offer three times as much."""
    with tempfile.TemporaryDirectory() as folder, tidings(Path(folder)) as running:
        dialect = running.dialect
        assert isinstance(dialect, TidingsDialect)
        peak, rate = 0.0, float(first)
        for _ in range(_STEPS):
            outcome = publish_open_loop(dialect, CONNECTIONS, rate, seconds)
            peak = max(peak, outcome.accepted_per_second)
            if outcome.accepted_per_second < rate * _FULL:
                break
            rate *= 1.5
        before, busy, generator = _memory(running.pid), Busy.now(running.pid), cpu_seconds()
        outcome = publish_open_loop(dialect, CONNECTIONS, 3 * peak, seconds)
        click.echo(f"peak {peak:,.0f}/s; offered {3 * peak:,.0f}/s: {outcome.accepted_per_second:,.0f}/s accepted")
        click.echo(f"{outcome.accepted_per_second / peak:.0%} of the peak; statuses {dict(outcome.statuses)}")
        shares = Busy.now(running.pid).since(busy).shares(outcome.seconds, generator=cpu_seconds() - generator)
        click.echo("cores: " + ", ".join(f"{name} {cores:.2f}" for name, cores in shares.items()))
        click.echo(f"p50 {outcome.quantile(0.5):.3f} s, p99 {outcome.quantile(0.99):.3f} s")
        click.echo(f"memory {before:,.0f} MiB before, {_memory(running.pid):,.0f} MiB after")


def _memory(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / _MIB


if __name__ == "__main__":
    main()
