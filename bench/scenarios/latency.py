"""How long a message takes from its publisher to its subscribers at a modest, steady rate."""

from contextlib import ExitStack
from functools import partial
from typing import Final

from bench.arithmetic import percentile
from bench.load.latency import read_latencies
from bench.load.messages import Expect, Latencies, Published, Ready
from bench.load.paced import PacedSpec, publish_paced
from bench.load.reader import ReaderSpec
from bench.load.window import Window
from bench.load.worker import Worker
from bench.measurement import Limit, Measurement
from bench.scenarios.director import busy_within
from bench.scenarios.interface import VALUE, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_MODEST: Final = 500
_TOPIC: Final = "latency"
_SECONDS_TO_ANSWER: Final = 60.0
_FEWEST_SECONDS: Final = 6.0
"""Of measuring; 3,000 messages, so that the 99.9th percentile has three beyond it."""


def _run(subscribers: int, per_second: int, running: Running | None, plan: Plan) -> Measurement:
    system = served(running)
    seconds = max(plan.seconds, _FEWEST_SECONDS)
    with ExitStack() as stack:
        reader = ReaderSpec(system.dialect, (_TOPIC,), subscribers, len(VALUE))
        reading = stack.enter_context(Worker(read_latencies, reader)).pipe
        reading.receive(Ready, _SECONDS_TO_ANSWER)
        paced = PacedSpec(system.dialect, _TOPIC, per_second, len(VALUE))
        publishing = stack.enter_context(Worker(publish_paced, paced)).pipe
        publishing.receive(Ready, _SECONDS_TO_ANSWER)
        window = Window.soon(plan.warm_up / 2, seconds)
        publishing.send(window)
        with plan.watched():
            busy = busy_within(window, system.pid)
        published = publishing.receive(Published, _SECONDS_TO_ANSWER)
        reading.send(Expect(published.acknowledged))
        latencies = reading.receive(Latencies, _SECONDS_TO_ANSWER)
    readers = latencies.cpu_seconds / seconds
    cores = busy.shares(seconds, publisher=published.measured.core_share, readers=readers)
    values = _values(latencies.seconds, published.acknowledged * subscribers)
    return Measurement(_name(subscribers, per_second), system.name, values, cores, Limit.PACE)


def _values(seconds: list[float], owed: int) -> dict[str, float]:
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    milliseconds = {name: percentile(ordered, share) * 1000 for name, share in shares.items()}
    return {**milliseconds, "samples": float(len(ordered)), "missing": float(owed - len(ordered))}


def _name(subscribers: int, per_second: int) -> str:
    return f"latency-{subscribers}" if per_second == _MODEST else f"latency-{subscribers}-at-{per_second}"


def _scenario(subscribers: int, per_second: int) -> Scenario:
    pace = "" if per_second == _MODEST else f", {per_second:,} messages/s"
    return Scenario(
        _name(subscribers, per_second),
        f"Latency, 1 publisher to {subscribers} subscriber{'s' if subscribers > 1 else ''}{pace}",
        f"{per_second:,} messages a second of {len(VALUE)} bytes from one connection, sent at their time whether or "
        f"not earlier ones were acknowledged, to {subscribers} subscriber{'s' if subscribers > 1 else ''}, each on a "
        "connection of its own. Milliseconds from just before the send to just after the read, both by the machine's "
        "monotonic clock; the wake-ups of publisher and reader are in it, for all systems alike.",
        (
            Figure("p50", "p50 ms", 3),
            Figure("p99", "p99 ms", 3),
            Figure("p99.9", "p99.9 ms", 3),
            Figure("max", "max ms", 3),
            Figure("samples", "deliveries"),
            Figure("missing", "missing"),
        ),
        partial(_run, subscribers, per_second),
        more_is_better=False,
    )


TO_1: Final = _scenario(1, _MODEST)
TO_10: Final = _scenario(10, _MODEST)
TO_10_FAST: Final = _scenario(10, 5000)
