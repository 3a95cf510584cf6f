"""The burst of a limit per second: how much of it may come at once."""

BURST_SECONDS = 0.25
SMALLEST_BURST = 5


def burst(per_second: float) -> float:
    """Return how much may be used at once of a limit per second, by the whole fleet together.

    A quarter of a second's worth, so that over ten seconds no more than 2.5 % is used above the limit. Of small limits
    it is five, or the limit itself, so that a client that sends a few messages together is not refused.
    """
    return max(per_second * BURST_SECONDS, min(per_second, SMALLEST_BURST))
