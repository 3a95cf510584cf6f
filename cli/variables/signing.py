"""The variable that says how long a signing key signs, which every command that serves accounts reads."""

from pydantic import Field

from cli.variables.base import Variables


class SigningVariables(Variables):
    """How tokens are signed."""

    signing_key_days: int = Field(
        90,
        ge=0,
        le=36_600,
        description="a number of days from 0 to 36600; after so long another key signs tokens, with 0 never by itself",
    )
