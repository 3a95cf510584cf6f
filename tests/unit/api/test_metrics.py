from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.durations import SECONDS, Durations
from api.metrics import counters, histogram, one_of


class Collected:
    def __init__(self, *families: Metric) -> None:
        self._families = families

    def collect(self) -> tuple[Metric, ...]:
        return self._families

    def samples(self) -> dict[tuple[str, str], float]:
        registry = CollectorRegistry()
        registry.register(self)
        text = generate_latest(registry).decode()
        return {
            (sample.name, ",".join(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def test_durations_become_a_histogram_that_prometheus_reads() -> None:
    durations = Durations()
    for seconds in (0.0, SECONDS[0], 0.03, 7.0):
        durations.add(seconds)
    samples = Collected(histogram("taken_seconds", "So long.", durations)).samples()
    assert samples["taken_seconds_bucket", "0.0001"] == 2
    assert samples["taken_seconds_bucket", "0.025"] == 2
    assert samples["taken_seconds_bucket", "0.05"] == 3
    assert samples["taken_seconds_bucket", "5.0"] == 3
    assert samples["taken_seconds_bucket", "+Inf"] == samples["taken_seconds_count", ""] == 4
    assert samples["taken_seconds_sum", ""] == 7.0301


def test_labels_and_states_are_told_apart() -> None:
    refused = counters("refused", "Calls.", ("call", "code"), {("publish", "not_found"): 2.0})
    state = one_of("state", "It.", "blind", ("fresh", "blind"))
    assert Collected(refused, state).samples() == {
        ("refused_total", "publish,not_found"): 2,
        ("state", "fresh"): 0,
        ("state", "blind"): 1,
    }
