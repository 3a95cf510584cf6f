"""Three times as many publishes as the service can take: it refuses what is too much, and goes on with the rest."""

from collections.abc import Iterator

import pytest

from bench.load.open_loop import publish_open_loop
from bench.overload import memory_of, offered, peak_of
from bench.protocols.tidings import TidingsDialect
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

FIRST = 4_000
SECONDS = 1.5
CALM = 100
OK, EXHAUSTED, UNAVAILABLE = "0", "8", "14"
SHARE = 0.15
"""Of the peak, for each CPU-second of the service: half or more on an idle machine, a fifth where much else runs."""
MORE_MIB = 250
"""Without the bound of publishes at a time it grew by a gigabyte."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def test_three_times_the_peak_is_refused_in_part_and_leaves_nothing_behind(service: Service) -> None:
    with Tenant(service) as tenant:
        dialect = TidingsDialect("127.0.0.1", service.port, tenant.key, tenant.new_cache())
        before = publish_open_loop(dialect, 2, CALM, SECONDS)
        peak = peak_of(dialect, service.pid, FIRST, SECONDS)
        memory, envoy = memory_of(service.pid), service.envoy_pid
        over = offered(dialect, service.pid, 3 * peak.accepted, SECONDS)
        print(  # noqa: T201 - the row's figures
            f"{over.accepted / peak.accepted:.0%} of the peak, "
            f"{over.accepted_per_cpu_second / peak.accepted_per_cpu_second:.0%} for each CPU-second, "
            f"{memory_of(service.pid) - memory:.0f} MiB more"
        )
        statuses = over.outcome.statuses
        assert over.outcome.accepted
        assert {OK, UNAVAILABLE} <= set(statuses) <= {OK, EXHAUSTED, UNAVAILABLE}
        assert over.accepted_per_cpu_second > SHARE * peak.accepted_per_cpu_second
        assert memory_of(service.pid) - memory < MORE_MIB
        until(lambda: calm(dialect, before.quantile(0.5)), what="publishes as fast as before")
        assert service.envoy_pid == envoy
        assert tenant.http.get("/readyz").status_code == 200


def calm(dialect: TidingsDialect, usual: float) -> bool:
    """Whether a few publishes are all accepted, and half of them within twice the time that it took before."""
    outcome = publish_open_loop(dialect, 2, CALM, 0.5)
    return set(outcome.statuses) == {OK} and outcome.quantile(0.5) < 2 * usual + 0.01
