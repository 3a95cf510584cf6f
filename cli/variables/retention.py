"""The variables that say how long usage is kept, which every command that serves accounts reads."""

from typing import Annotated

from pydantic import Field

from accounts.batches.retention import SHORTEST_DAYS, Retention
from cli.variables.base import AbsolutePath, Variables

LONGEST_DAYS = 36_600

CORRECTED_DAYS = 100
"""Invoices look so far back for usage that came later: see `accounts.invoices.reckoning`."""

Days = Annotated[
    int,
    Field(ge=SHORTEST_DAYS, le=LONGEST_DAYS, description=f"a number of days from {SHORTEST_DAYS} to {LONGEST_DAYS}"),
]


class RetentionVariables(Variables):
    """Days for which usage is kept, in batches and in sums, and the gaps that come with it."""

    usage_batches_days: Days = 100
    usage_minutes_days: Days = 100
    usage_hours_days: int = Field(
        800,
        ge=CORRECTED_DAYS,
        le=LONGEST_DAYS,
        description=f"a number of days from {CORRECTED_DAYS} to {LONGEST_DAYS}",
    )
    usage_days_days: Days = 3660
    usage_archive: AbsolutePath | None = Field(None, description="the path of a folder")
    gaps_days: int = Field(30, ge=1, le=LONGEST_DAYS, description=f"a number of days from 1 to {LONGEST_DAYS}")

    @property
    def retention(self) -> Retention:
        """Return what the account service is told."""
        days = (self.usage_batches_days, self.usage_minutes_days, self.usage_hours_days, self.usage_days_days)
        return Retention(*days, archive=self.usage_archive, gaps=self.gaps_days)
