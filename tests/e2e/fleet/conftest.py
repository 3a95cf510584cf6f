"""Fleets for all faults that they recover from: starting their processes takes longer than most of them."""

from collections.abc import Generator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Tier
from tests.e2e.fleet.workload import Reach


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the account service keeps what routers have counted."""
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="package")
def fleet(archive: Path) -> Generator[Fleet]:
    of_tier: Mapping[Tier, Mapping[str, str]] = {
        "accounts": {"TIDINGS_USAGE_ARCHIVE": str(archive), "TIDINGS_PRIVATE_WEBHOOKS": "true"}
    }
    with Fleet(routers=3, nodes=3, database="postgres", of_tier=of_tier) as running:
        yield running


@pytest.fixture(scope="package")
def pair() -> Generator[Fleet]:
    """Two routers on one port, two nodes, and an account service."""
    with Fleet(routers=2, nodes=2, share_port=True) as running:
        yield running


@pytest.fixture(scope="package")
def operator(fleet: Fleet) -> httpx.Client:
    """A script that operates the installation."""
    return fleet.operator()


@pytest.fixture
def fleet_reach(fleet: Fleet) -> Reach:
    return fleet.reach()


@pytest.fixture
def durable_reach(fleet: Fleet) -> Reach:
    return fleet.reach(durable=True)
