"""The edge alone: the real command and configuration, with a probe application behind them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.certificates import self_signed
from tests.e2e.service import Service

PROBE = ("--app", "tests.e2e.edge.probe_app:app")


@pytest.fixture(scope="package")
def probe() -> Iterator[Service]:
    """The probe application behind an edge with the settings of production."""
    with Service(*PROBE) as running:
        yield running


@pytest.fixture(scope="package")
def probe_by_edge() -> Iterator[Service]:
    """The same, where Envoy reads whatever comes: for what Envoy does with HTTP/2, which is tried without TLS here."""
    with Service(*PROBE, "--grpc-by", "edge") as running:
        yield running


@pytest.fixture(params=["probe", "probe_by_edge"], ids=["Python reads", "Envoy reads"])
def either(request: pytest.FixtureRequest) -> Service:
    """Return both in turn: Envoy goes on to read HTTP/2 of clients that speak HTTP/1.1 over TLS too."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def secure(files: tuple[Path, Path]) -> Iterator[Service]:
    """The probe application, over TLS."""
    with Service(*PROBE, tls=files) as running:
        yield running


def state(service: Service) -> dict[str, Any]:
    """What the probe application has counted so far."""
    return json.loads(httpx.get(f"{service.url}/state").content)
