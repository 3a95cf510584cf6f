"""The services that end-to-end tests share: one as it is run in production, and one with `--local`."""

from collections.abc import Iterator

import pytest

from tests.e2e.service import Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A running service with tokens."""
    with Service() as running:
        yield running


@pytest.fixture(scope="session")
def local_service() -> Iterator[Service]:
    """A running service that takes an empty token and has test controls."""
    with Service(local=True) as running:
        yield running
