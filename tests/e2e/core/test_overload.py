"""A tenant that takes much, and then three times as much as there is, which is refused as far as it is too much."""

from collections.abc import Iterator

import pytest

from bench.cpu import tree_bytes
from bench.load.open_loop import publish_open_loop
from bench.overload import Step, offered, peak_of
from bench.protocols.tidings import TidingsDialect
from tests.e2e.core.noise import SLACK_SECONDS, publish_beside
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

FIRST = 4_000
SECONDS = 1.5
CALM = 100
OK, EXHAUSTED, UNAVAILABLE = "0", "8", "14"
SHARE = 0.15
"""Of the peak, for each CPU-second of the service: half or more on an idle machine, a fifth where much else runs."""
PART_OF_PEAK = 0.25
"""What one tenant publishes beside another, so that both have room also where other work comes to the machine."""
MIB = 2**20
MORE_BYTES = 250 * MIB
"""Without the bound of publishes at a time it grew by a gigabyte."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


@pytest.fixture(scope="module")
def tenant(service: Service) -> Iterator[Tenant]:
    with Tenant(service) as one:
        yield one


@pytest.fixture(scope="module")
def dialect(service: Service, tenant: Tenant) -> TidingsDialect:
    return TidingsDialect("127.0.0.1", service.port, tenant.key, tenant.new_cache())


@pytest.fixture(scope="module")
def peak(service: Service, dialect: TidingsDialect) -> Step:
    return peak_of(dialect, service.pid, FIRST, SECONDS)


def test_a_tenant_without_a_limit_of_its_own_delays_nobody_while_there_is_room(
    service: Service, dialect: TidingsDialect, peak: Step
) -> None:
    with Tenant(service) as other:
        quiet = TidingsDialect("127.0.0.1", service.port, other.key, other.new_cache())
        rate = PART_OF_PEAK * peak.accepted
        alone, beside, noise = publish_beside(quiet, CALM, dialect, rate, 2 * SECONDS)
    assert noise.accepted_per_second > rate / 2
    assert set(alone.statuses) == set(beside.statuses) == {OK}
    assert beside.quantile(0.5) < 2 * alone.quantile(0.5) + 0.01
    assert beside.quantile(0.99) < 2 * alone.quantile(0.99) + SLACK_SECONDS


def test_three_times_the_peak_is_refused_in_part_and_leaves_nothing_behind(
    service: Service, tenant: Tenant, dialect: TidingsDialect, peak: Step
) -> None:
    before = publish_open_loop(dialect, 2, CALM, SECONDS)
    memory, envoy = tree_bytes(service.pid), service.envoy_pid
    over = offered_too_much(service, dialect, peak)
    print(  # noqa: T201 - the row's figures
        f"{over.accepted / peak.accepted:.0%} of the peak, "
        f"{over.accepted_per_cpu_second / peak.accepted_per_cpu_second:.0%} for each CPU-second, "
        f"{(tree_bytes(service.pid) - memory) / MIB:.0f} MiB more"
    )
    assert over.outcome.accepted
    assert set(over.outcome.statuses) <= {OK, EXHAUSTED, UNAVAILABLE}
    assert over.accepted_per_cpu_second > SHARE * peak.accepted_per_cpu_second
    assert tree_bytes(service.pid) - memory < MORE_BYTES
    until(lambda: calm(dialect, before.quantile(0.5)), what="publishes as fast as before")
    assert service.envoy_pid == envoy
    assert tenant.http.get("/readyz").status_code == 200


def offered_too_much(service: Service, dialect: TidingsDialect, peak: Step) -> Step:
    """Offer three times the peak, or more where all is accepted of that: others' work hid what the peak was."""
    for times in (3, 6, 12):
        over = offered(dialect, service.pid, times * peak.accepted, SECONDS)
        if over.outcome.statuses[UNAVAILABLE] or over.outcome.unanswered:  # what waits unread costs less
            return over
    pytest.fail(f"twelve times the peak of {peak.accepted:,.0f}/s is accepted")


def calm(dialect: TidingsDialect, usual: float) -> bool:
    """Whether a few publishes are all accepted, and half of them within twice the time that it took before."""
    outcome = publish_open_loop(dialect, 2, CALM, 0.5)
    return set(outcome.statuses) == {OK} and outcome.quantile(0.5) < 2 * usual + 0.01
