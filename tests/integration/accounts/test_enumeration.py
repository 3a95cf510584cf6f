"""Nobody learns by the time of an answer which e-mails are known: two samples, and a rank test over them."""

import math
import random
import time
from collections.abc import AsyncGenerator, Sequence
from statistics import median
from typing import Any

import httpx
import pytest

from accounts.sessions import attempts
from accounts.sessions.attempts import Attempts
from tests.integration.accounts.conftest import CHEAP, Start
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.integration.accounts.smtp_server import mail_server
from tests.integration.accounts.test_mail import settings

TIMES, TIMES_ON_POSTGRES = 500, 150
TIMES_HASHED, TIMES_HASHED_ON_POSTGRES = 50, 20
"""A log-in is timed with the hash that people's passwords have, which takes most of its time, whatever the database."""

SIGNIFICANT = 0.01
MOST_PART = 0.1
"""Of the time of an answer: a hash that is not made, or a mail that is, would be most of it."""

MOST_SECONDS = 0.005
ROUNDS = 3
"""A round fails by chance once in a hundred, and whenever the machine does something else for one of the two."""


def chance(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how probable a difference of ranks as large as this is among equals (Mann and Whitney, two-sided)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, sample) in enumerate(ranked, 1) if sample == 0)
    n, m = len(one), len(other)
    expected, deviation = n * (n + m + 1) / 2, math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(ranks - expected) / deviation / math.sqrt(2))


def test_the_rank_test_tells_samples_apart() -> None:
    chances = random.Random(2)
    normal = [chances.gauss(10, 1) for _ in range(TIMES)]
    assert chance(normal, [chances.gauss(10, 1) for _ in range(TIMES)]) > SIGNIFICANT
    assert chance(normal, [chances.gauss(10.3, 1) for _ in range(TIMES)]) < SIGNIFICANT


@pytest.fixture
async def patient(start: Start, monkeypatch: pytest.MonkeyPatch, path: str) -> AsyncGenerator[Installation]:
    """An account service with a mail server, which lets somebody try as often as they like."""
    monkeypatch.setattr(attempts, "PER_ADDRESS", 10**9)
    async with mail_server() as server:
        here = await start(mail=settings(server.port), hasher=None if path == "/v1/login" else CHEAP)
        entrance = here.accounts.people.entrance
        entrance._guesses = entrance._mails = Attempts(per_email=10**9)
        await here.accounts.mails.close()  # its work is not what is measured
        await here.tenant("ada")
        yield here


async def seconds(browser: httpx.AsyncClient, path: str, body: dict[str, Any]) -> float:
    began = time.perf_counter()
    answer = await browser.post(path, json=body)
    took = time.perf_counter() - began
    assert answer.status_code in (202, 401)
    return took


@pytest.mark.parametrize("path", ["/v1/login", "/v1/password-reset", "/v1/signup"])
async def test_a_known_and_an_unknown_e_mail_take_as_long(patient: Installation, database_url: str, path: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/login": {"password": "a wrong password"},
        "/v1/password-reset": {},
        "/v1/signup": {"password": PASSWORD, "account_name": "Engines"},
    }
    found: list[tuple[float, float]] = []
    on_postgres = not database_url.startswith("sqlite")
    times = TIMES_ON_POSTGRES if on_postgres else TIMES
    if path == "/v1/login":
        times = TIMES_HASHED_ON_POSTGRES if on_postgres else TIMES_HASHED
    async with patient.rest() as browser:
        for _ in range(ROUNDS):
            samples: dict[str, list[float]] = {"ada@example.com": [], "bob@example.com": []}
            for n in range(times):
                for email in sorted(samples, reverse=bool(n % 2)):
                    samples[email].append(await seconds(browser, path, {"email": email, **bodies[path]}))
            known, unknown = samples.values()
            difference = abs(median(known) - median(unknown))
            found.append((chance(known, unknown), difference))
            if found[-1][0] > SIGNIFICANT and difference < max(MOST_SECONDS, MOST_PART * median(known)):
                return
    pytest.fail(f"known and unknown e-mails can be told apart: {found}")
