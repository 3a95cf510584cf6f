"""SIGKILL at random lines: of counting, sealing, sending, applying, acknowledging. Nothing is lost, nothing doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from accounts.batches.verifying import Verifier
from accounts.database import Database, sqlite_url
from accounts.usage.repository import Counts
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api.usage import DELIVERY, PUBLISH
from tests.patience import patient

ROOT = Path(__file__).parents[3]
ROUNDS = int(os.environ.get("TIDINGS_KILL_ROUNDS", "8"))
"""How many rounds, of which most end with a kill; 300 for a long run."""

MESSAGES = 40
LINES = 9_000
"""About as many lines of the code under test run in one round; a round that gets through is none of a kill."""


def run(folder: Path, messages: int, line: int) -> bool:
    """Run the program; return whether it was killed."""
    command = [sys.executable, "-m", "tests.integration.metering.doomed", str(folder), str(messages), str(line)]
    ended = subprocess.run(command, cwd=ROOT, check=False, timeout=patient(100), capture_output=True)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    return ended.returncode != 0


@pytest.mark.timeout(patient(120 + ROUNDS))
async def test_what_was_counted_is_billed_whenever_the_process_is_killed(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to run it again as it was
    chance = random.Random(seed)
    run(tmp_path, 0, 0)
    kills = sum(run(tmp_path, MESSAGES, chance.randint(1, LINES)) for _ in range(ROUNDS))
    print(f"{kills} kills in {ROUNDS} rounds")  # noqa: T201
    assert kills > ROUNDS // 3
    run(tmp_path, 1, 0)
    books = (tmp_path / "books").read_bytes()
    begun, counted = books.count(b"("), books.count(b")")
    published, delivered = await billed(tmp_path)
    assert counted <= published.messages <= begun <= counted + kills
    assert published == Counts(published.messages, 1025 * published.messages, 2 * published.messages)
    received = books.count(b"r")
    assert received <= delivered.messages // 9 <= received + kills
    assert delivered == Counts(delivered.messages, 1025 * delivered.messages, 2 * delivered.messages)
    verdict = await verified(tmp_path)
    assert verdict == []


async def billed(folder: Path) -> tuple[Counts, Counts]:
    database = Database(sqlite_url(folder))
    now = int(time.time()) // 60
    async with database.reading() as session:
        found = await Usage().totals(session, Scope("acme"), now - 60, now + 60)
    await database.close()
    sums = {used.meter: used.counts for used in found}
    return sums[PUBLISH], sums[DELIVERY]


async def verified(folder: Path) -> list[str]:
    database = Database(sqlite_url(folder))
    verdict = await Verifier(database).verify()
    await database.close()
    assert verdict.batches > ROUNDS
    return [str(finding) for finding in verdict.findings]
