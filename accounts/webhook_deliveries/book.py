"""What is kept of deliveries while they are made, so that another process can go on with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from accounts.webhook_deliveries.events import Event
from accounts.webhook_deliveries.topics import Position


class LeaseLost(Exception):
    """Another process delivers for the webhook by now, or it was changed or deleted."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One event that is done with: its receiver has taken it, or it is a dead letter.

    Attributes:
        kind: `item` or `gap`.
        status: That the last try was answered with; 0 for none.
        letter: The event, of a dead letter; None where it was delivered.
        settled_at: Epoch seconds.
    """

    kind: str
    page: int
    number: int
    tries: int
    status: int
    reason: str
    letter: Event | None
    settled_at: int


@dataclass(frozen=True, slots=True)
class Failing:
    """How it stands with a receiver that does not take what it is sent. Times are epoch seconds."""

    since: int
    tries: int
    status: int
    reason: str
    next_try_at: int


class Book(Protocol):
    """The notes on one webhook. Each method raises `LeaseLost`, or `Unavailable` where nothing can be noted."""

    async def settle(self, position: Position, settled: Sequence[Settled]) -> None:
        """Note all events up to a position; the receiver has taken the last one, or it is a dead letter."""
        ...

    async def failing(self, failing: Failing | None) -> None:
        """Note that a try has failed, or that none does any more."""
        ...

    async def has_room(self) -> bool:
        """Whether there may be one more dead letter."""
        ...
