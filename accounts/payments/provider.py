"""What a payment provider is told."""

from dataclasses import dataclass
from typing import Protocol


class Refused(Exception):
    """The provider does not take an event, and will not take it again; the message is its own."""


class Unreachable(Exception):
    """The provider did not answer, or asks for patience: the event is sent again, and counts once."""


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """Units of one billable meter that a customer has used in an hour.

    Attributes:
        identifier: The same each time that the event is sent, and no other event's.
        customer_id: The customer as the provider knows it.
        timestamp: In the hour, in epoch seconds.
    """

    identifier: str
    customer_id: str
    meter: str
    units: int
    timestamp: int


class Provider(Protocol):
    """A payment provider."""

    @property
    def name(self) -> str: ...

    async def report(self, event: MeterEvent) -> None:
        """Report an event. One that was reported before, as far as its identifier says, counts once.

        Raises:
            Refused: it is not taken.
            Unreachable: nobody knows whether it was.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
