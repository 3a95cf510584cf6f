"""The variables that say what is logged, and in which form."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cli.variables.base import Variables

Form = Literal["auto", "json", "text"]
Level = Literal["debug", "info", "warning", "error"]


def lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


class LogVariables(Variables):
    """What is logged. `auto` is text on a terminal, and JSON elsewhere."""

    log_level: Annotated[Level, BeforeValidator(lower)] = Field("info", description="debug, info, warning or error")
    log_format: Annotated[Form, BeforeValidator(lower)] = Field("auto", description="auto, json or text")
