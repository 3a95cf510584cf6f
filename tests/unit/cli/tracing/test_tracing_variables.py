import pytest

from cli.refusals import SettingsRefused
from cli.tracing.variables import DEFAULT_RATIO, TracingVariables

THERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_SAMPLER": "always_on"},
        THERE | {"OTEL_SDK_DISABLED": "true"},
        THERE | {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_a_collector_or_where_it_is_switched_off_nothing_is_traced(environment: dict[str, str]) -> None:
    assert not TracingVariables.read(environment).is_on


@pytest.mark.parametrize(
    ("sampler", "ratio", "follows"),
    [
        ({}, DEFAULT_RATIO, True),
        ({"OTEL_TRACES_SAMPLER_ARG": "0.5"}, 0.5, True),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1"}, 1.0, False),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, 1.0, True),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, 0.0, False),
    ],
)
def test_the_sampler_is_opentelemetrys(sampler: dict[str, str], ratio: float, *, follows: bool) -> None:
    assert TracingVariables.read(THERE | sampler) == (True, ratio, follows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTEL_TRACES_SAMPLER": "jaeger_remote"},
        {"OTEL_TRACES_SAMPLER_ARG": "2"},
        {"OTEL_TRACES_SAMPLER_ARG": "all"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_what_is_not_done_is_refused(wrong: dict[str, str]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsRefused, match=name):
        TracingVariables.read(THERE | wrong)
