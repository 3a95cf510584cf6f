"""Whether a thing is in a state in which it is to be changed: `If-Match` asks, and who has locked the thing decides."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Accept = Callable[[T], None]
"""Raises where a thing is not in the state in which it is to be changed; nothing is changed then."""


def anything(_: object) -> None:
    """Accept a thing in any state."""
