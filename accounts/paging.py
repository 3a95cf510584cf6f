"""One page of a list.

A list goes on after the position of the last thing that was shown, whatever was added or removed since.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from api.errors import InvalidArgument

MOST, DEFAULT = 100, 50

LARGEST_NUMBER = 2**63 - 1
"""What a column holds at most."""

T = TypeVar("T")

Position = tuple[str | int, ...]
"""Where a thing stands in its list: the columns that the list is ordered by."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some things of a list.

    Attributes:
        next_token: Where the list goes on; None at its end.
    """

    items: Sequence[T]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked for: at most `limit` things after a position. A query fetches one more, which `page` takes off."""

    limit: int = DEFAULT
    next_token: str | None = None

    @property
    def fetch(self) -> int:
        """How many rows a query asks for."""
        return self.limit + 1

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """Return the position to go on after, whose columns are of these types; None to begin with the first.

        Raises:
            InvalidArgument: the token is none that this list gave.
        """
        if self.next_token is None:
            return None
        position = _decoded(self.next_token)
        if len(position) != len(kinds) or not all(map(_is, position, kinds)):
            raise InvalidArgument("next_token is not one that this list gave; begin without it")
        return tuple(position)

    def page(self, found: Sequence[T], position: Callable[[T], Position]) -> Page[T]:
        """Return the page of what a query found."""
        shown = found[: self.limit]
        return Page(shown, _encoded(position(shown[-1])) if len(found) > self.limit else None)

    def page_up_to(self, found: Sequence[T], position: Position | None) -> Page[T]:
        """Return the page of what a search found that stopped at a position, or at the end of the list."""
        return Page(found, None if position is None else _encoded(position))


def _encoded(position: Position) -> str:
    text = json.dumps(position, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(token: str) -> list[object]:
    try:
        found: Any = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return []
    return cast("list[object]", found) if isinstance(found, list) else []


def _is(value: object, kind: type) -> bool:
    if isinstance(value, str):
        return kind is str and "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return kind is int and type(value) is int and abs(value) <= LARGEST_NUMBER
