"""OpenTelemetry's own variables that say whether there are traces, and of what; its library reads the rest."""

import os
from collections.abc import Mapping
from typing import NamedTuple, Self

from cli.refusals import SettingsRefused

DEFAULT_RATIO = 0.01
PROTOCOL = "http/protobuf"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SAMPLERS = {
    "parentbased_traceidratio": (None, True),
    "traceidratio": (None, False),
    "parentbased_always_on": (1.0, True),
    "always_on": (1.0, False),
    "parentbased_always_off": (0.0, True),
    "always_off": (0.0, False),
}


class TracingVariables(NamedTuple):
    """What is traced.

    Attributes:
        is_on: There is somebody to send traces to.
        ratio: The share of requests that are traced where nobody has decided on that.
        follows: What a client has decided counts.
    """

    is_on: bool
    ratio: float = DEFAULT_RATIO
    follows: bool = True

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the environment.

        Raises:
            SettingsRefused: a variable has a value that is not accepted.
        """
        told = {name: value for name, value in environment.items() if name.startswith("OTEL_") and value}
        is_off = told.get("OTEL_SDK_DISABLED", "").lower() == "true" or told.get("OTEL_TRACES_EXPORTER") == "none"
        if is_off or not any(name in told for name in _ENDPOINTS):
            return cls(is_on=False)
        _check_protocol(told)
        sampler = told.get("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        if sampler not in _SAMPLERS:
            raise SettingsRefused(f"OTEL_TRACES_SAMPLER must be one of {', '.join(_SAMPLERS)}, not {sampler!r}")
        ratio, follows = _SAMPLERS[sampler]
        return cls(is_on=True, ratio=_ratio(told) if ratio is None else ratio, follows=follows)


def _check_protocol(told: Mapping[str, str]) -> None:
    for name in ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"):
        if told.get(name, PROTOCOL) != PROTOCOL:
            raise SettingsRefused(f"{name} must be {PROTOCOL}, which collectors take on port 4318, not {told[name]!r}")


def _ratio(told: Mapping[str, str]) -> float:
    text = told.get("OTEL_TRACES_SAMPLER_ARG", str(DEFAULT_RATIO))
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise SettingsRefused(f"OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not {text!r}")
    return ratio
