"""What a form sent, as texts; and its faults, told beside the field that has them."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request

from accounts.console.pages import Trouble, sentence
from accounts.permissions.rules import MOST_RULES
from api.errors import AlreadyExists, InvalidArgument, TidingsError

MOST_FIELDS: Final = 5 * MOST_RULES + 20
"""What the largest form has, that of a role: five for each rule, and a few. Who reads a form first bounds it."""


async def sent(request: Request, *names: str) -> dict[str, str]:
    """Return these fields of a form; an empty text for one that was not sent or is a file."""
    form = await request.form(max_fields=MOST_FIELDS, max_files=0)
    values = {name: form.get(name, "") for name in names}
    return {name: value if isinstance(value, str) else "" for name, value in values.items()}


def trouble(error: TidingsError, words: Mapping[str, str]) -> Trouble:
    """Return an error of a service as what is wrong with a field, or with the form as a whole.

    Args:
        error: What the service refused with.
        words: What an error's message begins with, and the field that it is about.
    """
    return beside(error, words) if isinstance(error, InvalidArgument | AlreadyExists) else beside(error, {})


def beside(error: TidingsError, words: Mapping[str, str]) -> Trouble:
    """Return an error of whatever kind, as `trouble` does: a wrong password is no wrong argument, and has a field."""
    field = next((field for beginning, field in words.items() if error.message.startswith(beginning)), "")
    return Trouble(fields={field: sentence(error.message)}) if field else Trouble(sentence(error.message))
