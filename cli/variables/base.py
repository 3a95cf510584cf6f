"""How a tier reads its `TIDINGS_*` variables, and says of each wrong one what is accepted.

A field's description is what its variable accepts; it ends the sentence "TIDINGS_X must be …".
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.refusals import SettingsRefused

PREFIX = "TIDINGS_"

AbsolutePath = Annotated[Path, AfterValidator(Path.absolute)]
"""Taken from the folder that the command was started in; the application runs in another."""


class Variables(BaseSettings):
    """The variables of one tier. An empty one counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, defer_build=True
    )

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsRefused: with a sentence for each variable that is missing or wrong.
        """
        try:
            found = cls()
        except ValidationError as error:
            raise SettingsRefused("\n".join(map(cls._sentence, error.errors()))) from error
        if sentences := list(found.contradictions()):
            raise SettingsRefused("\n".join(sentences))
        return found

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of the variables that are read."""
        return frozenset(map(variable, cls.model_fields))

    def contradictions(self) -> Iterable[str]:
        """Return a sentence for each two variables that do not go together."""
        return ()

    def environment(self) -> dict[str, str]:
        """Return the variables as a process in another folder reads them."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {variable(name): str(value) for name, value in values.items()}

    @classmethod
    def _sentence(cls, error: ErrorDetails) -> str:
        name = str(error["loc"][0])
        field = cls.model_fields[name]
        if error["type"] == "missing":
            return f"{variable(name)} is not set: it must be {field.description}"
        # What may hold a password is not shown.
        shown = f", not {error['input']!r}" if field.repr else ""
        reason = str(error.get("ctx", {}).get("error", ""))
        return f"{variable(name)} must be {field.description}{shown}{': ' if reason else ''}{reason}"


def variable(field: str) -> str:
    """Return the name of the variable for a field."""
    return PREFIX + field.upper()


def unknown(known: Iterable[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return a sentence for each variable that looks like a misspelt one of `known`."""
    names = sorted(known)
    strangers = sorted(name for name in environment if name.startswith(PREFIX) and name not in names)
    meant = {name: difflib.get_close_matches(name, names, n=1, cutoff=0.85) for name in strangers}
    return [f"{name} is not a variable of any tier; is {close[0]} meant?" for name, close in meant.items() if close]
