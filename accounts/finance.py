"""All that has to do with money, put together."""

from dataclasses import dataclass

from fastapi import APIRouter

from accounts.balances import endpoints as balance_routes
from accounts.balances.service import Balances
from accounts.billing.settings import BillingSettings
from accounts.billing_webhooks import endpoints as webhook_routes
from accounts.billing_webhooks.delivering import Delivering
from accounts.billing_webhooks.service import BillingWebhooks
from accounts.budgets import endpoints as budget_routes
from accounts.budgets.notices import Notices
from accounts.budgets.service import Budgets
from accounts.budgets.watching import Watch
from accounts.clocks import endpoints as clock_routes
from accounts.clocks.service import Clocks
from accounts.clocks.turning import TestClocks
from accounts.database import Database
from accounts.encryption import MasterKeys
from accounts.estimates import endpoints as estimate_routes
from accounts.estimates.service import Estimates
from accounts.export_schedules import endpoints as schedule_routes
from accounts.export_schedules.destinations import destination
from accounts.export_schedules.service import Schedules
from accounts.exports import endpoints as export_routes
from accounts.exports.service import Exports
from accounts.invoices import endpoints as invoice_routes
from accounts.invoices.closing import Closing
from accounts.invoices.explaining import Explanations
from accounts.invoices.forecasting import Forecasts
from accounts.invoices.reckoning import Reckoning
from accounts.invoices.service import Invoices
from accounts.invoices.spending import Spending
from accounts.jobs.service import Job
from accounts.mail.service import Mails
from accounts.payments.service import Payments
from accounts.payments.stripe import Stripe
from accounts.pricing import endpoints as plan_routes
from accounts.pricing.profiles import Profiles
from accounts.pricing.service import Pricing
from accounts.snapshots import Snapshots
from accounts.usage.service import Usage
from api.webhooks import LateSender
from backplane.audience import Audience

CLOSE_EVERY_SECONDS = 60
WATCH_EVERY_SECONDS = 60
REPORT_EVERY_SECONDS = 300
EXPORT_EVERY_SECONDS = 60
EXPORT_JOB = "exports.schedule"
TIDY_EVERY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Base:
    """What of the account service finance stands on."""

    database: Database
    usage: Usage
    snapshots: Snapshots
    mails: Mails
    master_keys: MasterKeys
    audience: Audience


class Finance:
    """Plans, invoices, and what belongs to them. Usage is watched from `start` to `close`."""

    def __init__(self, base: Base, settings: BillingSettings) -> None:
        database, usage = base.database, base.usage
        self._settings = settings
        self.clocks = Clocks()
        self.pricing = Pricing(database, self.clocks, settings)
        self.profiles = Profiles(database, self.pricing)
        self.balances = Balances(database, self.clocks)
        allow_private = settings.private_webhooks
        self.billing_webhooks = BillingWebhooks(database, base.master_keys, self.clocks, allow_private=allow_private)
        self.delivering = Delivering(database, base.master_keys, self.clocks, LateSender(allow_private=allow_private))
        notices = Notices(self.billing_webhooks, base.mails)
        reckoning = Reckoning(self.pricing, usage)
        spending = Spending(reckoning, usage)
        self.invoices = Invoices(database, self.clocks, self.pricing, reckoning, settings)
        self.explanations = Explanations(database, usage, self.invoices)
        self.exports = Exports(database, self.clocks, self.invoices)
        self.schedules = Schedules(
            database,
            self.clocks,
            self.exports,
            settings,
            destination(settings.exports_to, settings.exports_s3_endpoint),
        )
        self.closing = Closing(database, self.clocks, self.pricing, reckoning, settings)
        self.closing.on_finalized(notices.invoice)
        self.test_clocks = TestClocks(database, self.clocks, self.pricing, self.closing, [EXPORT_JOB])
        self.watch = Watch(database, self.clocks, self.pricing, spending, base.snapshots, notices)
        self.estimates = Estimates(database, self.clocks, self.pricing, reckoning, base.audience)
        self.forecasts = Forecasts(database, self.clocks, self.pricing, reckoning, usage)
        provider = Stripe(settings.stripe_api_key, settings.stripe_api_base) if settings.stripe_api_key else None
        self.payments = Payments(database, self.clocks, self.pricing, usage, provider)
        self.budgets = Budgets(database, self.clocks, self.pricing, self.watch)

    async def start(self) -> None:
        """Begin to watch budgets and to deliver webhooks."""
        await self.watch.start()
        await self.delivering.start()

    async def close(self) -> None:
        """Stop. What is not delivered yet is kept."""
        await self.watch.close()
        await self.delivering.close()
        if self.schedules.destination is not None:
            self.schedules.destination.close()
        if self.payments.provider is not None:
            await self.payments.provider.close()

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [
            Job("invoices.close", CLOSE_EVERY_SECONDS, self.closing.close_due),
            Job("budgets.watch", WATCH_EVERY_SECONDS, self.watch.look_at_all),
            Job("payments.report", REPORT_EVERY_SECONDS, self.payments.report_due),
            Job(EXPORT_JOB, EXPORT_EVERY_SECONDS, self.schedules.run_due),
            Job("webhooks.tidy", TIDY_EVERY_SECONDS, self.delivering.tidy),
        ]

    def routers(self) -> list[APIRouter]:
        """Return the endpoints for accounts."""
        return [
            plan_routes.routes(self.pricing, self.profiles),
            balance_routes.routes(self.balances),
            invoice_routes.routes(self.invoices, self.explanations),
            clock_routes.routes(self.test_clocks, anybody=self._settings.test_clocks),
            budget_routes.routes(self.budgets),
            webhook_routes.routes(self.billing_webhooks),
            schedule_routes.routes(self.schedules),
            export_routes.routes(self.exports),
            estimate_routes.routes(self.estimates, self.forecasts),
        ]
