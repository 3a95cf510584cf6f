"""Which plans an account may choose by itself, and from when on; no I/O.

What operators have agreed with it is not its to leave, and no choice makes cheaper what was used before it.
"""

from collections.abc import Sequence

from accounts.billing.periods import Assignment
from accounts.billing.plan import Plan
from accounts.pricing.models import PricePlan
from api.errors import PermissionDenied

STEP_SECONDS = 900
"""Usage is added up by the quarter of an hour, so that is where one plan may end and another begin."""


def require_own_choice(held: Sequence[tuple[int, PricePlan]], now: int, default_plan: str) -> None:
    """Go on where an account has, and is to have, no plan but such as are offered to everybody.

    Args:
        held: Since when it has which, in the order of time.
        now: In epoch seconds.
        default_plan: What every account begins with, which nobody has agreed on.

    Raises:
        PermissionDenied: operators gave it one that is not offered.
    """
    rows = [row for since, row in held if since <= now][-1:] + [row for since, row in held if since > now]
    agreed = next((row for row in rows if not row.public and row.id != default_plan), None)
    if agreed is not None:
        raise PermissionDenied(
            f"plan '{agreed.id}' was given to the account by the operators of this installation; ask them for another"
        )


def is_offered(row: PricePlan, newest: PricePlan, present: Plan) -> bool:
    """Whether an account may choose a version of a plan: the newest, if it is public, or the one that it has."""
    return (row.id, row.version) == (present.id, present.version) or (row.version == newest.version and row.public)


def begins_at(now: int, present: Plan, chosen: Plan, month_end: int) -> int:
    """Return from when on a plan holds that an account has chosen at `now`.

    That is the beginning of this quarter of an hour where the present plan charges nothing, so that nothing becomes
    cheaper. Otherwise it is the next one: what was used in this quarter stays under the plan that it was used under.
    Where one of the two goes by the month it is the next month: a part of a month has nearer bounds of tiers and a
    smaller minimum, so that many units of a short part would be cheaper than under either plan.
    """
    if present.charges and (present.goes_by_month or chosen.goes_by_month):
        return month_end
    begun = step_of(now)
    return begun if begun == now or not present.charges else begun + STEP_SECONDS


def step_of(now: int) -> int:
    """Return the beginning of the quarter of an hour that an instant lies in."""
    return now - now % STEP_SECONDS


def at(held: Sequence[Assignment], moment: int) -> Assignment:
    """Return what of all plans of an account it has at a moment; the first one also before its time."""
    return next((each for each in reversed(held) if each.since <= moment), held[0])
