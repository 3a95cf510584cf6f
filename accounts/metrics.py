"""The account service's numbers for Prometheus. No database is asked: they are there also while it is not."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from accounts.component import Accounts
from api.metrics import counter, counters, gauge


class AccountsMetrics(Collector):
    """Reads an account service."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @override
    def collect(self) -> Iterable[Metric]:
        """Return all of them."""
        database = self._accounts.database
        yield gauge(
            "tidings_accounts_database_reachable",
            "1 if the database could be reached when it was needed last.",
            database.reachable,
        )
        yield gauge(
            "tidings_accounts_database_connections", "Connections to the database in use.", database.connections_in_use
        )
        yield gauge(
            "tidings_accounts_database_pool",
            "Connections to the database that may be in use.",
            database.most_connections,
        )
        ledger = self._accounts.ledger
        yield counter("tidings_accounts_usage_batches", "Batches of usage that were applied.", ledger.applied)
        yield counter(
            "tidings_accounts_usage_hours_different",
            "Hours whose billed usage was not what storage nodes and edges had counted.",
            self._accounts.operation.reconciliation.different,
        )
        yield counter("tidings_accounts_usage_repeated", "Batches of usage that came once more.", ledger.repeated)
        yield counter(
            "tidings_accounts_usage_refused",
            "Batches of usage that no router had sealed, and that were kept aside.",
            ledger.refused,
        )
        yield from self._webhooks()
        runs = {labels: float(number) for labels, number in self._accounts.jobs.runs.items()}
        yield counters("tidings_accounts_job_runs", "Runs of jobs by this service.", ("name", "outcome"), runs)

    def _webhooks(self) -> Iterable[Metric]:
        couriers = self._accounts.posting.couriers
        requests = {(outcome,): float(number) for outcome, number in couriers.tally.tries.items()}
        yield counters(
            "tidings_webhook_requests",
            "Requests to receivers of webhooks, by what came of them: delivered, refused or unanswered.",
            ("outcome",),
            requests,
        )
        events = {(outcome,): float(number) for outcome, number in couriers.tally.events.items()}
        yield counters(
            "tidings_webhook_events",
            "Events of webhooks that are done with: delivered, or dead letters.",
            ("outcome",),
            events,
        )
        yield gauge("tidings_webhook_backlog", "Items that wait for receivers of webhooks.", couriers.backlog)
        yield gauge("tidings_webhooks", "Webhooks that this service delivers for.", couriers.webhooks)
        yield gauge(
            "tidings_webhooks_failing", "Webhooks whose receiver does not take what it is sent.", couriers.failing
        )
