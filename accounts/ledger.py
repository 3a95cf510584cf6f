"""All that has to do with what routers counted, put together."""

from fastapi import APIRouter

from accounts.batches import endpoints as batch_routes
from accounts.batches.admission import Admission
from accounts.batches.archive import Archive
from accounts.batches.consumer import Consumer
from accounts.batches.listing import Listing
from accounts.batches.pruning import Pruning
from accounts.batches.retention import Retention
from accounts.batches.service import Batches
from accounts.batches.verifying import Verifier, Watch
from accounts.database import Database
from accounts.finance import Finance
from accounts.gaps import endpoints as gap_routes
from accounts.gaps.service import Gaps
from accounts.identifiers import new_id
from accounts.jobs.service import Job
from accounts.usage import endpoints as usage_routes
from accounts.usage.reports import Reports
from accounts.usage.service import Usage
from backplane.interface import Usage as Carried

EVERY_SECONDS = 3600


class Ledger:
    """Batches and the sums of them; from `start` to `close` it applies what comes by the backplane, if there is one."""

    def __init__(
        self,
        database: Database,
        usage: Usage,
        finance: Finance,
        carried: Carried | None,
        retention: Retention,
        admission: Admission,
    ) -> None:
        self._database = database
        self.batches = Batches(database, usage, finance.clocks, finance.watch.touch)
        self.reports = Reports(database, usage, finance.pricing, finance.clocks)
        self.verifier = Verifier(database)
        self.gaps = Gaps(database, retention.gaps)
        self._pruning = Pruning(database, retention)
        self._admission = admission
        name = new_id("accounts")
        self._archive = None if retention.archive is None else Archive(retention.archive, name)
        self._consumer = None if carried is None else Consumer(self.batches, carried, name, admission, self._archive)

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [
            Job("usage.prune", EVERY_SECONDS, self._pruning.run),
            Job("usage.verify", EVERY_SECONDS, Watch(self.verifier).run),
            *self.gaps.jobs(),
        ]

    @property
    def applied(self) -> int:
        """How many batches were applied here."""
        return 0 if self._consumer is None else self._consumer.applied

    @property
    def repeated(self) -> int:
        """How many batches came here that had been applied before."""
        return 0 if self._consumer is None else self._consumer.repeated

    @property
    def refused(self) -> int:
        """How many batches came here that no router had sealed."""
        return self._admission.refused

    def routers(self) -> list[APIRouter]:
        """Return the endpoints for accounts."""
        listing = Listing(self._database)
        return [
            usage_routes.routes(self.reports),
            batch_routes.routes(listing, self.reports),
            gap_routes.routes(self.gaps, self.reports),
        ]

    def start(self) -> None:
        """Begin to apply what routers counted."""
        if self._consumer is not None:
            self._consumer.start()

    async def close(self) -> None:
        """Apply nothing more."""
        if self._consumer is not None:
            await self._consumer.close()
        if self._archive is not None:
            self._archive.close()
