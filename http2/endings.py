"""How streams end, for whoever takes note of it."""

from enum import Enum, auto
from typing import NamedTuple


class ClientLeft(ConnectionError):
    """Nobody reads the stream any more."""


class How(Enum):
    """The ways in which they do."""

    ANSWERED = auto()
    """The application's answer was sent, all of it."""
    REFUSED = auto()
    """It was answered here, in the application's place."""
    FAILED = auto()
    """The application failed in the middle of its answer."""
    STALLED = auto()
    """Its client took nothing of the answer for too long."""
    BROKE = auto()
    """Its client broke a rule, on the stream or on the connection."""
    RESET = auto()
    """Its client gave it up."""
    LEFT = auto()
    """The connection was lost."""
    CLOSED = auto()
    """The connection was ended here."""


class Ending(NamedTuple):
    """How one stream has ended, and why, where that needs a word."""

    how: How
    why: str = ""


ANSWERED = Ending(How.ANSWERED)
FAILED = Ending(How.FAILED)
STALLED = Ending(How.STALLED)
RESET = Ending(How.RESET)
LEFT = Ending(How.LEFT)
