"""All that operators of the installation do, put together."""

from collections.abc import Sequence

from fastapi import APIRouter

from accounts.administration import endpoints as account_routes
from accounts.administration import usage_endpoints as usage_routes
from accounts.administration.service import Administration
from accounts.database import Database
from accounts.finance import Finance
from accounts.fleet import Fleet
from accounts.impersonations import endpoints as impersonation_routes
from accounts.impersonations.service import Impersonations
from accounts.installation import endpoints as installation_routes
from accounts.installation.observed import Observed
from accounts.jobs import endpoints as job_routes
from accounts.jobs.service import Job, Jobs
from accounts.limits.service import AccountLimits
from accounts.operators.service import Operators
from accounts.pricing.service import Pricing
from accounts.purges.service import PURGE_SECONDS, Purges
from accounts.reconciliation import endpoints as reconciliation_routes
from accounts.reconciliation.service import Reconciliation
from accounts.snapshots import Snapshots
from accounts.token_bindings.service import TokenBindings
from accounts.usage.of_all import UsageOfAll
from accounts.usage.service import Usage
from backplane.interface import Directory

END_SECONDS = 60
HEAR_SECONDS = 5
RECONCILE_SECONDS = 600
"""Each hour has one report; it is there so long after the hour has ended at most."""


class Operation:
    """Operators, and what they look at and change."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        directory: Directory,
        usage: Usage,
        fleet: Fleet,
        bindings: TokenBindings,
        finance: Finance,
    ) -> None:
        self.operators = Operators(database)
        self.impersonations = Impersonations(database)
        self.accounts = Administration(
            database, snapshots, directory, usage, bindings, finance.closing, finance.payments
        )
        self.usage = UsageOfAll(database)
        self.purges = Purges(database, directory, fleet.topics)
        self.reconciliation = Reconciliation(database, fleet.witnesses)
        self._registry = fleet.registry
        self.observed = Observed(fleet.registry, fleet.quotas)

    def routers(self, jobs: Jobs, limits: AccountLimits, pricing: Pricing) -> Sequence[APIRouter]:
        """Return the endpoints."""
        return [
            account_routes.routes(self.accounts, limits, pricing),
            usage_routes.routes(self.usage),
            reconciliation_routes.routes(self.reconciliation),
            impersonation_routes.routes(self.impersonations),
            installation_routes.routes(self._registry),
            job_routes.routes(jobs),
        ]

    def jobs(self) -> Sequence[Job]:
        """Return what is done again and again."""
        return [
            Job("accounts.purge", PURGE_SECONDS, self.purges.run),
            Job("impersonations.end", END_SECONDS, self.impersonations.end_expired),
            Job("usage.hear", HEAR_SECONDS, self.reconciliation.hear),
            Job("usage.reconcile", RECONCILE_SECONDS, self.reconciliation.run),
        ]

    async def close(self) -> None:
        """Keep what storage nodes counted last."""
        await self.reconciliation.close()
