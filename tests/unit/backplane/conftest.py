"""The implementations of the backplane that one suite runs on; another is added here and nowhere else."""

import pytest

from backplane.interface import Directory, Registry
from backplane.memory import MemoryDirectory, MemoryRegistry
from tests.unit.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory"])
def directory(request: pytest.FixtureRequest) -> Directory:
    return {"memory": MemoryDirectory}[request.param]()


@pytest.fixture(params=["memory"])
def registry(request: pytest.FixtureRequest, clock: Clock) -> Registry:
    return {"memory": MemoryRegistry}[request.param](now=clock, lease_seconds=3.0)
