"""All that has to do with money, put together."""

from fastapi import APIRouter

from accounts.balances import endpoints as balance_routes
from accounts.balances.service import Balances
from accounts.billing.settings import BillingSettings
from accounts.clocks import endpoints as clock_routes
from accounts.clocks.service import Clocks
from accounts.clocks.turning import TestClocks
from accounts.database import Database
from accounts.invoices import endpoints as invoice_routes
from accounts.invoices.closing import Closing
from accounts.invoices.explaining import Explanations
from accounts.invoices.reckoning import Reckoning
from accounts.invoices.service import Invoices
from accounts.jobs.service import Job
from accounts.pricing import endpoints as plan_routes
from accounts.pricing.profiles import Profiles
from accounts.pricing.service import Pricing
from accounts.usage.service import Usage

CLOSE_EVERY_SECONDS = 60


class Finance:
    """Plans, invoices, and what belongs to them."""

    def __init__(self, database: Database, usage: Usage, settings: BillingSettings) -> None:
        self._settings = settings
        self.clocks = Clocks()
        self.pricing = Pricing(database, self.clocks, settings)
        self.profiles = Profiles(database, self.pricing)
        self.balances = Balances(database, self.clocks)
        reckoning = Reckoning(self.pricing, usage)
        self.invoices = Invoices(database, self.clocks, self.pricing, reckoning, settings)
        self.explanations = Explanations(database, usage, self.invoices)
        self.closing = Closing(database, self.clocks, self.pricing, reckoning, settings)
        self.test_clocks = TestClocks(database, self.clocks, self.pricing, self.closing)

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [Job("invoices.close", CLOSE_EVERY_SECONDS, self.closing.close_due)]

    def routers(self) -> list[APIRouter]:
        """Return the endpoints for accounts."""
        return [
            plan_routes.routes(self.pricing, self.profiles),
            balance_routes.routes(self.balances),
            invoice_routes.routes(self.invoices, self.explanations),
            clock_routes.routes(self.test_clocks, anybody=self._settings.test_clocks),
        ]
