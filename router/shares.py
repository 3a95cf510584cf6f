"""How much of a limit is one router's, by what is asked of it and of all others; arithmetic only.

The shares of all routers add up to the limit as soon as the limit matters. Until then each may use all that the others
leave, so that an account gets its limit also where all its clients are at one router. Where that was too much, the
fleet's bucket is in debt, and each router pays off its part before it accepts more: over some seconds the sum is
exact, however late and however wrong the single figures are.
"""

import math

SMOOTHING_SECONDS = 0.5


def smoothed(before: float, measured: float, seconds: float) -> float:
    """Return the demand to tell: it follows what was measured over `seconds`, upwards at once and downwards slowly."""
    if measured >= before:
        return measured
    return measured + (before - measured) * math.exp(-seconds / SMOOTHING_SECONDS)


def share(limit: float, mine: float, others: float, level: float, routers: int) -> tuple[float, float]:
    """Return the rate that a router may accept, and how much at once.

    Args:
        limit: Of the fleet, each second.
        mine: What is asked of this router each second.
        others: The same of all others.
        level: What is left in the fleet's bucket.
        routers: How many there are.
    """
    everything = mine + others
    part = mine / everything if everything else 1 / routers
    rate = limit * part if everything >= limit else limit - others
    return rate, level if level > 0 else level * part


def share_alone(limit: float, mine: float, others: float, routers: int) -> float:
    """Return the rate that a router may accept while it cannot hear of the others.

    All of them together accept twice the limit at most: what they last had a right to adds up to the limit, and so
    does an equal part for each.
    """
    everything = mine + others
    spare = max(limit - everything, 0.0) / routers
    fair = limit * mine / everything if everything > limit else mine + spare
    return max(fair, limit / routers)
