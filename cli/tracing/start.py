"""Begins to trace, if somebody is to be told. Else nothing of OpenTelemetry is imported."""

from typing import TYPE_CHECKING

from api.sampling import Sampling
from cli.refusals import SettingsRefused
from cli.tracing.variables import TracingVariables

if TYPE_CHECKING:
    from api.tracing import Spans


def spans_of(tier: str) -> "Spans | None":
    """Return what makes spans in this process, which is of a tier; None where traces are off.

    Raises:
        SettingsRefused: see `TracingVariables.read`; or what sends them is not installed.
    """
    variables = TracingVariables.read()
    if not variables.is_on:
        return None
    try:
        from cli.tracing.otlp import OtlpSpans  # noqa: PLC0415  it takes 150 ms, and traces are off by default
    except ModuleNotFoundError as error:
        raise SettingsRefused(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and this installation sends no traces: pip install 'tidings[otlp]'"
        ) from error

    return OtlpSpans(tier, Sampling(variables.ratio, follows=variables.follows))
