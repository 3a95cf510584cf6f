"""The services that end-to-end tests share: one as it is run in production, and one with `--local`."""

from collections.abc import Iterator

import pytest

from tests.e2e.access import Access, over_tls, plaintext
from tests.e2e.logs import assert_no_secret_in_logs
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A running service with tokens."""
    with Service() as running:
        yield running
        assert_no_secret_in_logs(running)


@pytest.fixture(scope="session")
def local_service() -> Iterator[Service]:
    """A running service that takes an empty token and has test controls."""
    with Service(local=True) as running:
        yield running
        assert_no_secret_in_logs(running)


@pytest.fixture(scope="session", params=["plaintext", "TLS"])
def access(
    request: pytest.FixtureRequest, service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Access]:
    """A service as SDKs reach it, both ways."""
    if request.param == "plaintext":
        with Tenant(service) as tenant:
            yield plaintext(tenant)
    else:
        with over_tls(tmp_path_factory.mktemp("tls")) as secure:
            yield secure
