"""One account that asks for ten times what it may have, and another beside it that notices little of it."""

from collections.abc import Iterator

import pytest

from bench.protocols.tidings import TidingsDialect
from tests.e2e.core.noise import SLACK_SECONDS, publish_beside
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant

LIMIT = 100
ASKED = 1_000
QUIET = 50
SECONDS = 3.0


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def dialect(service: Service, tenant: Tenant) -> TidingsDialect:
    return TidingsDialect("127.0.0.1", service.port, tenant.key, tenant.new_cache())


def test_who_asks_for_more_than_its_limit_delays_nobody_else(service: Service) -> None:
    with Tenant(service) as noisy, Tenant(service) as quiet:
        noisy.http.patch("/v1/limits", json={"publishes_per_second": LIMIT}).raise_for_status()
        of_noisy, of_quiet = dialect(service, noisy), dialect(service, quiet)
        alone, beside, found = publish_beside(of_quiet, QUIET, of_noisy, ASKED, SECONDS)
    assert set(alone.statuses) == set(beside.statuses) == {"0"}
    assert beside.quantile(0.5) < 2 * alone.quantile(0.5) + 0.01
    assert beside.quantile(0.99) < 2 * alone.quantile(0.99) + SLACK_SECONDS
    assert set(found.statuses) == {"0", "8"}
    assert found.statuses["0"] < 3 * LIMIT * found.seconds
    assert found.unanswered == 0
