import pytest

from accounts.sessions.attempts import (
    ADDRESS_WINDOW_SECONDS,
    EMAIL_WINDOW_SECONDS,
    MAX_KEYS,
    PER_ADDRESS,
    PER_EMAIL,
    Attempts,
)
from api.errors import TooManyLogins
from tests.unit.clock import Clock


def allowed(attempts: Attempts, address: str, email: str) -> bool:
    try:
        attempts.count(address, email)
    except TooManyLogins:
        return False
    return True


def test_an_email_has_so_many_tries_wherever_they_come_from() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    tries = [allowed(attempts, f"192.0.2.{number}", "Ada@Example.com ") for number in range(PER_EMAIL + 5)]
    assert tries == [True] * PER_EMAIL + [False] * 5
    assert allowed(attempts, "192.0.2.200", "bob@example.com")
    clock.advance(EMAIL_WINDOW_SECONDS)
    assert allowed(attempts, "192.0.2.1", "ada@example.com")


def test_an_address_has_so_many_tries_whomever_they_are_for() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    tries = [allowed(attempts, "192.0.2.1", f"{number}@example.com") for number in range(PER_ADDRESS + 5)]
    assert tries == [True] * PER_ADDRESS + [False] * 5
    assert allowed(attempts, "192.0.2.2", "0@example.com")
    clock.advance(ADDRESS_WINDOW_SECONDS)
    assert allowed(attempts, "192.0.2.1", "1@example.com")


def test_who_has_shown_the_password_begins_anew() -> None:
    attempts = Attempts(Clock())
    for number in range(PER_EMAIL):
        attempts.count(f"192.0.2.{number}", "ada@example.com")
    attempts.forgive("Ada@example.com")
    attempts.count("192.0.2.1", "ada@example.com")


def test_a_crowd_of_emails_costs_bounded_memory() -> None:
    attempts = Attempts(Clock())
    for number in range(MAX_KEYS):
        attempts.count(f"address {number}", f"{number}@example.com")
    assert len(attempts._tries) <= MAX_KEYS


@pytest.mark.parametrize("address", ["", "192.0.2.1"])
def test_the_answer_names_nobody(address: str) -> None:
    attempts = Attempts(Clock())
    for _ in range(PER_EMAIL):
        attempts.count(address, "ada@example.com")
    with pytest.raises(TooManyLogins) as refused:
        attempts.count(address, "ada@example.com")
    assert "ada" not in refused.value.message
