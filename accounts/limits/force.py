"""Which limits are in force for an account: those of its plan, but for what is overridden."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from accounts.database import Transaction
from accounts.limits import repository
from accounts.limits.models import LimitOverride
from accounts.tenants.models import Account
from accounts.tenants.plans import HARD_LIMITS, PLANS
from api.account import Limits

NAMES = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of an account.

    Attributes:
        plan: What the plan gives.
        own: What the account, or an operator, has set instead; None where nothing is.
        hard: What the account itself may raise it to.
    """

    name: str
    plan: int
    own: int | None
    hard: int

    @property
    def value(self) -> int:
        """What is in force."""
        return min(self.plan if self.own is None else self.own, self.hard)


def limits_of(account: Account, overrides: Mapping[str, LimitOverride]) -> Mapping[str, Limit]:
    """Return the limits of an account, by name and in the order of `api.account.Limits`."""
    plan, hard = PLANS[account.plan], HARD_LIMITS[account.plan]
    found: dict[str, Limit] = {}
    for name in NAMES:
        override = overrides.get(name)
        own_hard = None if override is None else override.hard
        most: int = getattr(hard, name) if own_hard is None else own_hard
        found[name] = Limit(name, getattr(plan, name), None if override is None else override.value, most)
    return found


async def in_force(session: Transaction, account: Account) -> Limits:
    """Return what routers are to enforce."""
    found = limits_of(account, await repository.overrides(session, account.id))
    return Limits(**{name: limit.value for name, limit in found.items()})
