"""What one process has delivered for all webhooks, for its metrics."""

from collections import Counter

from api.webhooks import Outcome


class Tally:
    """Counts since the process began.

    Attributes:
        tries: Requests, by what came of them: `delivered`, `refused` by an answer, or `unanswered`.
        events: Events that are done with, by what became of them: `delivered` or `dead`.
    """

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    def tried(self, outcome: Outcome) -> None:
        """Count one request."""
        self.tries["delivered" if outcome.delivered else "refused" if outcome.status else "unanswered"] += 1

    def settled(self, *, is_dead: bool) -> None:
        """Count one event that is done with."""
        self.events["dead" if is_dead else "delivered"] += 1
