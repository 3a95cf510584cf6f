"""What comes of sending something to somebody else's server, whoever sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try.

    Attributes:
        delivered: It was answered with a status of 200 to 299.
        status: That was answered; 0 where nothing was.
        reason: Why it was not delivered, in a few words.
    """

    delivered: bool
    status: int = 0
    reason: str = ""


class Sending(Protocol):
    """Sends requests; whatever happens is an outcome."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body of JSON."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
