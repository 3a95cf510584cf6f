"""What all bodies of the REST API share."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""No control characters, which logs and terminals would obey; a zero byte is one that Postgres cannot keep."""


class Input(BaseModel):
    """Base of what is sent here; a field that nobody knows is refused, or a misspelt one would go unnoticed."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base of what is answered.

    Attributes:
        incidental: Fields that change without anybody changing the thing; they are no part of its state.
    """

    model_config = ConfigDict(frozen=True)
    incidental: ClassVar[frozenset[str]] = frozenset()
