"""The limits of a cache, and the bounds of what its topics keep, as fields of a form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from accounts.caches.models import Cache
from accounts.caches.schemas import CacheChange
from accounts.caches.service import Changes
from accounts.console.pages import Trouble, sentence
from accounts.rest.faults import in_words

LIMITS = (
    ("publishes_per_second", "Publishes a second"),
    ("publish_bytes_per_second", "Published bytes a second"),
    ("subscriptions", "Subscriptions at a time"),
    ("message_bytes", "Bytes of one message"),
)
HISTORY = (
    ("items", "Items of a topic"),
    ("bytes", "Bytes of a topic's items"),
    ("seconds", "Seconds that an item is kept"),
)
NAMES = tuple(name for name, _ in (*LIMITS, *HISTORY))


class Mistake(Exception):
    """A field that cannot be a bound; `trouble` tells it beside the field."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble


def filled(cache: Cache) -> dict[str, str]:
    """Return the bounds of a cache as they are filled in; empty where there is none of its own."""
    kept: dict[str, Any] = {name: getattr(cache.limits, name) for name, _ in LIMITS}
    kept |= {name: getattr(cache.history, name) for name, _ in HISTORY}
    return {name: "" if value is None else str(value) for name, value in kept.items()}


def changes(form: Mapping[str, str]) -> Changes:
    """Return what a form asks to be changed.

    Raises:
        Mistake: a field is no number, or none that can be a bound.
    """
    numbers, wrong = _numbers(form)
    try:
        body = CacheChange.model_validate(
            {
                "limits": {name: numbers.get(name) for name, _ in LIMITS},
                "history": {name: numbers.get(name) for name, _ in HISTORY},
            }
        )
    except ValidationError as error:
        wrong |= {str(each["loc"][-1]): sentence(in_words(each)) for each in error.errors()}
        raise Mistake(Trouble("The bounds are not right yet.", wrong)) from error
    if wrong:
        raise Mistake(Trouble("The bounds are not right yet.", wrong))
    return body.changes()


def _numbers(form: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    numbers: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for name in NAMES:
        text = form[name].replace(" ", "").replace(",", "")
        if text.isascii() and text.isdigit() and len(text) < 18:
            numbers[name] = int(text)
        elif text:
            wrong[name] = "This must be a whole number, or empty for the bound that holds everywhere."
    return numbers, wrong
