"""How long usage is kept, which commands are told before they serve accounts: so there is no database here."""

from dataclasses import dataclass
from pathlib import Path

SHORTEST_DAYS = 40
"""Usage may come 35 days late; what it is added to, and what tells it from a repetition, must be there still."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days usage is kept, 40 at least.

    Attributes:
        batches: What routers sent, and what storage nodes counted. An older bill cannot be proved again.
        minutes: Sums of a minute.
        hours: Sums of an hour and of a quarter of one; with them goes what cuts old months by local days.
        days: Sums of a day.
        archive: A folder for a second copy of what routers sent, of the last days; None for no copy.
        gaps: What subscribers were told to have missed; no bill is made of it, so it may be kept for less.
    """

    batches: int = 100
    minutes: int = 100
    hours: int = 800
    days: int = 3660
    archive: Path | None = None
    gaps: int = 30
