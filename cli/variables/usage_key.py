"""The variables that name the key with which routers seal usage, and the account service knows it."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import override

from api.seals import Seals
from cli.variables.base import AbsolutePath, Variables

PURPOSE = "tidings usage batch"

_log = logging.getLogger(__name__)


def _usage_key(text: str) -> str:
    Seals.of_text(text, PURPOSE)
    return text


def _usage_key_file(path: Path) -> Path:
    try:
        _usage_key(path.read_text())
    except OSError as error:
        raise ValueError(error.strerror) from error
    return path


class UsageKeyVariables(Variables):
    """Where neither is set, whoever can write to the backplane can invent usage."""

    usage_key: Annotated[str, AfterValidator(_usage_key)] | None = Field(
        None, repr=False, description="32 random bytes in base64; other keys may follow after commas"
    )
    usage_key_file: Annotated[AbsolutePath, AfterValidator(_usage_key_file)] | None = Field(
        None, description="the path of a file with what TIDINGS_USAGE_KEY has"
    )

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        if self.usage_key and self.usage_key_file:
            yield "TIDINGS_USAGE_KEY and TIDINGS_USAGE_KEY_FILE are both set: keep one of them"

    @property
    def usage_seals(self) -> Seals | None:
        """Return what the tier seals with or believes; nothing where no key is set."""
        if not self.usage_key and not self.usage_key_file:
            _log.warning("TIDINGS_USAGE_KEY is not set: whoever can write to Redis can invent usage")
        text = self.usage_key or (self.usage_key_file.read_text() if self.usage_key_file else "")
        return Seals.of_text(text, PURPOSE) if text else None
