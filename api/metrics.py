"""What a tier tells Prometheus: read when it is asked for, so that the hot path only adds to plain numbers.

Names follow Prometheus' conventions: `tidings_` and the tier before, the unit and `_total` behind. No label has as many
values as there are topics, accounts or tokens.
"""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from api.durations import Durations


def histogram(name: str, text: str, durations: Durations) -> Metric:
    """Return durations as a histogram."""
    return HistogramMetricFamily(name, text, buckets=durations.buckets(), sum_value=durations.sum)


def gauge(name: str, text: str, value: float) -> Metric:
    """Return a number that goes up and down."""
    return GaugeMetricFamily(name, text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    """Return a number that only grows; the exposition appends `_total`."""
    return CounterMetricFamily(name, text, value=value)


def gauges(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    """Return a gauge with a value for each combination of labels."""
    family = GaugeMetricFamily(name, text, labels=labels)
    return _filled(family, values)


def counters(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    """Return a counter with a value for each combination of labels."""
    family = CounterMetricFamily(name, text, labels=labels)
    return _filled(family, values)


def one_of(name: str, text: str, state: str, states: Iterable[str]) -> Metric:
    """Return a gauge that is 1 for the state that holds, and 0 for all others."""
    return gauges(name, text, ("state",), {(each,): float(each == state) for each in states})


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[tuple[str, ...], float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
