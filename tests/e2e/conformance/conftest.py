"""One account for all tests of the contract; each test makes a cache of its own."""

from collections.abc import Iterator

import grpc
import pytest

from tests.e2e.service import Service, until
from tests.e2e.tenant import PASSWORD, Tenant
from tests.e2e.wire import Client, refusal

EMAIL = "limited@example.com"
ACCOUNT = ("account", "create", EMAIL, "--plan", "contract", "--password", PASSWORD)


@pytest.fixture(scope="package")
def tenant(service: Service) -> Iterator[Tenant]:
    with Tenant(service) as made:
        yield made


@pytest.fixture
def owner(tenant: Tenant) -> Client:
    """A client with an owner's key."""
    return tenant.owner


@pytest.fixture
def cache(tenant: Tenant) -> str:
    """The name of a new cache."""
    return tenant.new_cache()


@pytest.fixture(scope="package")
def limited(service: Service) -> Iterator[Tenant]:
    """An account with the contract's published limits: 100 subscriptions, 100 publishes a second, 100 KiB."""
    service.run(*ACCOUNT, "--data", str(service.data))
    with Tenant(service, email=EMAIL) as made:
        # The command is another process, and what it commits is known to the service a quarter of a second later.
        until(lambda: _is_known(made), what="the account of the command")
        yield made


def _is_known(tenant: Tenant) -> bool:
    try:
        tenant.owner.list_caches()
    except grpc.RpcError as refused:
        return refusal(refused).code is not grpc.StatusCode.UNAUTHENTICATED
    return True
