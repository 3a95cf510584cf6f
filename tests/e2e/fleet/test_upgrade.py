"""A new version's migration under load, old processes beside it, and the way back."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from accounts.database.migrate import current
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.service import ROOT, until
from tests.e2e.tenant import PASSWORD, Tenant

MIGRATION_SECONDS = 5.0
NEXT = '''"""What a next version may bring: a column, an index and a table that the version before does not know."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("account", sa.Column("note", sa.String(255), nullable=True))
    op.create_index("ix_account_note", "account", ["note"])
    op.create_table("note", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade() -> None:
    op.drop_table("note")
    op.drop_index("ix_account_note", "account")
    op.drop_column("account", "note")
'''


@dataclass
class Load:
    """Calls of people and scripts, as fast as they are answered, until the block ends."""

    answers: dict[int, int] = field(default_factory=dict[int, int])
    stopped: threading.Event = field(default_factory=threading.Event)
    rest_seconds: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.answers.values())

    def call(self, ask: Callable[[], httpx.Response]) -> None:
        while not self.stopped.wait(self.rest_seconds):
            status = ask().status_code
            self.answers[status] = self.answers.get(status, 0) + 1


@contextmanager
def load(tenant: Tenant, service: Member) -> Generator[Load]:
    """Log in, make keys and caches, and read them, each in a thread."""
    running = Load()
    cookies = httpx.Client(base_url=service.url, timeout=20, cookies=tenant.http.cookies)
    person = {"email": tenant.email, "password": PASSWORD}
    key = {"role_id": "owner", "description": "", "expiry": "never"}
    calls: list[Callable[[], httpx.Response]] = [
        lambda: httpx.post(f"{service.url}/v1/login", json=person, timeout=20),
        lambda: cookies.post("/v1/api-keys", json=key),
        lambda: cookies.get("/v1/caches"),
    ]
    threads = [threading.Thread(target=running.call, args=(ask,)) for ask in calls]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running.stopped.set()
        for thread in threads:
            thread.join()
        cookies.close()


@pytest.fixture
def next_version(fleet: Fleet, tmp_path: Path) -> Path:
    """A folder in which `migrations` is the next version's."""
    _, head = current(database(fleet))
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "9999_next.py").write_text(NEXT.format(head=head))
    return tmp_path


def database(fleet: Fleet) -> str:
    assert fleet.postgres is not None
    return fleet.postgres.url


def migrate(fleet: Fleet, folder: Path, way: str) -> float:
    """Migrate with the software in a folder, and return how many seconds it took beyond its start."""
    program = (
        "import sys, time; sys.path[:0] = sys.argv[1:3]\n"
        "from sqlalchemy import make_url; from accounts.database import migrate\n"
        "began = time.monotonic(); migrate.{way}; print(time.monotonic() - began)"
    ).replace("{way}", way)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(ROOT), database(fleet)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_migration_and_its_way_back_cost_no_call(fleet: Fleet, next_version: Path) -> None:
    tenant, service = fleet.sign_up(), fleet.accounts[0]
    _, head = current(database(fleet))
    with load(tenant, service) as calls:
        goes_on(calls)
        assert migrate(fleet, next_version, "upgrade(make_url(sys.argv[3]))") < MIGRATION_SECONDS
        goes_on(calls)
        calls.rest_seconds = 0.5  # so that what starts has the cores
        old = fleet.add("accounts", "accounts-old")  # a process of this version that starts after the migration
        calls.rest_seconds = 0.0
        assert current(database(fleet))[0] == "next"
        tenant.http.get(f"{old.url}/v1/caches").raise_for_status()
        assert old.stop() == 0
        fleet.accounts.remove(old)
        assert migrate(fleet, next_version, f"downgrade(make_url(sys.argv[3]), {head!r})") < MIGRATION_SECONDS
        assert current(database(fleet))[0] == head
        goes_on(calls)
    assert {status for status in calls.answers if status >= 500} == set(), calls.answers
    assert calls.answers.keys() >= {200, 201}


def goes_on(calls: Load) -> None:
    """Wait for some more answers."""
    before = calls.count
    until(lambda: calls.count >= before + 20, seconds=30, what="more answers")
