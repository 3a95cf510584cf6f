"""Processes of the release before and of this version in one fleet, on the way there and back."""

import shutil
import subprocess
import tarfile
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.test_usage import settled, verify
from tests.e2e.service import ROOT
from tests.e2e.tenant import Tenant
from tests.patience import patient

RELEASE = "84c83e24"
"""The commit of 0.1.0."""

PUBLISHES = 5
DURABLE = "ledger"
"""One topic for the whole way, so that what one version has kept is read and gone on with by the other."""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The software of the release before."""
    git = shutil.which("git")
    packed, folder = tmp_path / "release.tar", tmp_path / "release"
    command = [git or "git", "-C", str(ROOT), "archive", "--output", str(packed), RELEASE]
    if git is None or subprocess.run(command, capture_output=True, timeout=patient(60), check=False).returncode:
        pytest.skip(f"the history that is here does not reach to {RELEASE}, the release before")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def old(release: Path) -> Generator[Fleet]:
    fleet = Fleet(routers=2, nodes=2, database="postgres", variables={"TIDINGS_USAGE_KEY": ""})  # 0.1.0 knows none
    fleet.software = release
    with fleet:
        fleet.wait_for_nodes(2)
        yield fleet


class Traffic:
    """What goes through all routers to subscribers at all of them."""

    def __init__(self, fleet: Fleet) -> None:
        self.tenant: Tenant = fleet.sign_up()
        self.published = 0
        self.delivered = 0
        self._fleet = fleet
        self._cache, self._durable = self.tenant.new_cache(), self.tenant.new_cache()
        self.tenant.http.patch(f"/v1/caches/{self._durable}", json={"durable": True}).raise_for_status()
        self._kept: list[str] = []

    def goes_through(self, topic: str) -> None:
        """Publish by all routers; subscribers at all get it, and of what is durable also all that came before."""
        clients = [self._fleet.client(self.tenant, router) for router in self._fleet.routers]
        streams = [client.subscribe(self._cache, topic) for client in clients]
        sent = [f"{topic}-{number}" for number in range(PUBLISHES * len(clients))]
        for number, text in enumerate(sent):
            clients[number % len(clients)].publish(self._cache, topic, text)
            clients[number % len(clients)].publish(self._durable, DURABLE, text)
        self._kept += sent
        for stream in streams:
            assert stream.texts(len(sent)) == sent
            stream.cancel()
        for client in clients:
            again = client.subscribe(self._durable, DURABLE, number=1)
            assert again.texts(len(self._kept)) == self._kept
            again.cancel()
        self.published += 2 * len(sent)
        self.delivered += len(clients) * (len(sent) + len(self._kept))


def replace(fleet: Fleet, members: Sequence[Member], software: Path) -> None:
    """Stop processes and start those of another version in their places, one after the other."""
    for member in members:
        assert member.stop() == 0
        member.software = software
        member.start()
        member.wait_ready()
        fleet.wait_for_nodes(len(fleet.nodes))


async def test_both_versions_serve_one_fleet_and_each_use_is_billed_once(old: Fleet, release: Path) -> None:
    traffic = Traffic(old)
    node, router, accounts = old.nodes[0], old.routers[0], old.accounts[0]
    traffic.goes_through("before")
    replace(old, [node, router], ROOT)
    traffic.goes_through("beside")
    replace(old, [accounts], ROOT)
    traffic.goes_through("migrated")
    replace(old, [node, router], release)
    traffic.goes_through("half-back")
    replace(old, [accounts], release)
    traffic.goes_through("back")
    billed = await settled(traffic.tenant, traffic.published)
    assert (billed["publish"], billed["delivery"]) == (traffic.published, traffic.delivered)
    assert "clean: " in verify(old)
