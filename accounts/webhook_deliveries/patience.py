"""When something that was not taken is sent again, and when it is given up; no I/O and no clock."""

from api.webhooks import Outcome

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0

GIVE_UP_SECONDS = 3600.0
"""From a receiver that has taken nothing for this long, each item gets one more try, and is a dead letter then."""

UNREADABLE = frozenset({400, 413, 422})
"""Answers of a receiver that has read the item, and will not want it the next time either."""

UNREADABLE_TRIES = 3


def wait_seconds(tries: int, spread: float) -> float:
    """Return how long to wait after so many tries that failed: twice as long each time, up to a minute.

    `spread` from 0 to 1 takes up to half of it away, so that receivers are not asked by all at the same moment.
    """
    longest = min(FIRST_SECONDS * 2.0 ** min(tries - 1, 16), LONGEST_SECONDS)
    return longest * (1 - spread / 2)


def gives_up(outcome: Outcome, tries: int, failing_seconds: float) -> bool:
    """Whether an item is to be a dead letter: the receiver does not want it, or has taken nothing for an hour."""
    if outcome.status in UNREADABLE and tries >= UNREADABLE_TRIES:
        return True
    return failing_seconds >= GIVE_UP_SECONDS
