"""What happens to a service that is asked for three times as much as it can do: `python -m bench.overload`.

The peak is the most that it accepts of a rate that grows step by step. Then three times as many come. Both are told for
each CPU-second of the service too, since the generator, which takes more at three times the rate, shares the machine.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from bench.cpu import Busy, tree_bytes, tree_seconds
from bench.load.open_loop import Outcome, publish_open_loop
from bench.load.window import cpu_seconds
from bench.protocols.tidings import TidingsDialect
from bench.systems.tidings import tidings

CONNECTIONS = 20
_STEPS = 8
_FULL = 0.9
_MIB = 2**20


@dataclass(frozen=True)
class Step:
    """What came of one rate, and the CPU time that the service took for it."""

    outcome: Outcome
    server_seconds: float

    @property
    def accepted(self) -> float:
        """Publishes accepted in a second."""
        return self.outcome.accepted_per_second

    @property
    def accepted_per_cpu_second(self) -> float:
        """Publishes accepted for each CPU-second of the service."""
        return len(self.outcome.accepted) / self.server_seconds


def offered(dialect: TidingsDialect, pid: int, rate: float, seconds: float) -> Step:
    """Offer so many publishes a second to the service whose first process is `pid`."""
    before = tree_seconds(pid)
    outcome = publish_open_loop(dialect, CONNECTIONS, rate, seconds)
    return Step(outcome, tree_seconds(pid) - before)


def peak_of(dialect: TidingsDialect, pid: int, first: float, seconds: float) -> Step:
    """Return the step of the most that the service accepts; rates begin with `first`."""
    best, rate = offered(dialect, pid, first, seconds), first
    for _ in range(_STEPS):
        rate *= 1.5
        step = offered(dialect, pid, rate, seconds)
        best = max(best, step, key=lambda each: each.accepted)
        if step.accepted < rate * _FULL:
            break
    return best


@click.command()
@click.option("--seconds", default=5.0, show_default=True, help="How long each step lasts.")
@click.option("--first", default=2_000, show_default=True, help="Publishes a second of the first step.")
def main(seconds: float, first: int) -> None:
    """Find the peak step by step, and then offer three times as much."""
    with tempfile.TemporaryDirectory() as folder, tidings(Path(folder)) as running:
        dialect, pid = running.dialect, running.pid
        assert isinstance(dialect, TidingsDialect)
        peak = peak_of(dialect, pid, first, seconds)
        before, busy, generator = tree_bytes(pid), Busy.now(pid), cpu_seconds()
        over = offered(dialect, pid, 3 * peak.accepted, seconds)
        outcome = over.outcome
        shares = Busy.now(pid).since(busy).shares(outcome.seconds, generator=cpu_seconds() - generator)
        click.echo(f"peak {peak.accepted:,.0f}/s; offered {3 * peak.accepted:,.0f}/s: {over.accepted:,.0f}/s accepted")
        click.echo(f"{over.accepted / peak.accepted:.0%} of the peak; statuses {dict(outcome.statuses)}")
        per_cpu = over.accepted_per_cpu_second / peak.accepted_per_cpu_second
        click.echo(
            f"for each CPU-second of the service: {over.accepted_per_cpu_second:,.0f}, {per_cpu:.0%} of the peak"
        )
        click.echo("cores: " + ", ".join(f"{name} {cores:.2f}" for name, cores in shares.items()))
        click.echo(f"p50 {outcome.quantile(0.5):.3f} s, p99 {outcome.quantile(0.99):.3f} s")
        click.echo(f"memory {before / _MIB:,.0f} MiB before, {tree_bytes(pid) / _MIB:,.0f} MiB after")


if __name__ == "__main__":
    main()
