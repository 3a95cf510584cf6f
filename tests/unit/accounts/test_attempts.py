"""How often somebody may try to log in, over a clock that the test turns."""

import pytest

from accounts.sessions.attempts import EMAIL_WINDOW_SECONDS, KNOWN_SECONDS, MAX_KEYS, PER_ADDRESS, PER_EMAIL, Attempts
from api.errors import TooManyLogins
from tests.unit.clock import Clock


def try_often(attempts: Attempts, times: int, address: str, email: str) -> int:
    """Try, and return how often it was allowed."""
    allowed = 0
    for _ in range(times):
        try:
            attempts.count(address, email)
        except TooManyLogins:
            continue
        allowed += 1
    return allowed


def test_an_e_mail_has_ten_tries_in_a_quarter_of_an_hour_however_it_is_written() -> None:
    clock = Clock()
    attempts = Attempts(now=clock)
    for n in range(PER_EMAIL):
        attempts.count(f"192.0.2.{n}", " Ada@Example.com" if n % 2 else "ada@example.com")
    with pytest.raises(TooManyLogins):
        attempts.count("192.0.2.99", "ada@example.com")
    clock.advance(EMAIL_WINDOW_SECONDS + 0.1)
    attempts.count("192.0.2.99", "ada@example.com")


def test_an_address_has_thirty_tries_in_a_minute_over_all_e_mails() -> None:
    clock = Clock()
    attempts = Attempts(now=clock)
    for n in range(PER_ADDRESS):
        attempts.count("192.0.2.1", f"{n}@example.com")
    with pytest.raises(TooManyLogins):
        attempts.count("192.0.2.1", "another@example.com")
    attempts.count("192.0.2.2", "another@example.com")
    clock.advance(60.1)
    attempts.count("192.0.2.1", "another@example.com")


def test_a_thousand_guesses_from_a_thousand_addresses_are_ten_tries() -> None:
    attempts = Attempts(now=Clock())
    allowed = sum(try_often(attempts, 1, f"address-{n}", "ada@example.com") for n in range(1000))
    assert allowed == PER_EMAIL


def test_who_was_refused_does_not_wait_longer_for_having_tried_again() -> None:
    clock = Clock()
    attempts = Attempts(now=clock)
    try_often(attempts, PER_EMAIL, "192.0.2.1", "ada@example.com")
    clock.advance(EMAIL_WINDOW_SECONDS - 10)
    assert try_often(attempts, 5, "192.0.2.1", "ada@example.com") == 0
    clock.advance(10.1)
    assert try_often(attempts, 1, "192.0.2.1", "ada@example.com") == 1


def test_a_crowd_of_names_costs_a_bounded_memory() -> None:
    attempts = Attempts(now=Clock())
    for n in range(MAX_KEYS + 100):
        attempts.count(f"address-{n}", "ada@example.com" if n == 0 else f"{n}@example.com")
        attempts.forgive(f"address-{n}", "ada@example.com")
    assert len(attempts) <= 2 * MAX_KEYS


def test_a_name_that_is_no_e_mail_costs_no_more_than_a_long_one() -> None:
    attempts = Attempts(now=Clock())
    attempts.count("192.0.2.1", 60_000 * "a")
    attempts.forgive("192.0.2.1", 60_000 * "a")
    attempts.count("192.0.2.1", 60_000 * "a")
    assert sum(len(key) for key in attempts._tries) < 1_000
    assert sum(len(email) for _, email in attempts._known) < 1_000


def test_somebody_elses_guesses_do_not_keep_the_owner_out() -> None:
    clock = Clock()
    attempts = Attempts(now=clock)
    attempts.forgive("192.0.2.1", "Ada@example.com")
    assert try_often(attempts, 100, "198.51.100.1", "ada@example.com") == PER_EMAIL
    assert try_often(attempts, 100, "192.0.2.1", "ada@example.com") == PER_EMAIL
    clock.advance(KNOWN_SECONDS + EMAIL_WINDOW_SECONDS)
    assert try_often(attempts, 1, "192.0.2.1", "ada@example.com") == 1
    assert try_often(attempts, 100, "198.51.100.1", "ada@example.com") == PER_EMAIL - 1


def test_the_addresses_of_one_network_of_ipv6_are_one() -> None:
    clock = Clock()
    attempts = Attempts(now=clock)
    for n in range(PER_ADDRESS):
        attempts.count(f"2001:db8:0:1:{n:x}::1", f"{n}@example.com")
    with pytest.raises(TooManyLogins):
        attempts.count("2001:db8:0:1:ffff::1", "another@example.com")
    attempts.count("2001:db8:0:2::1", "another@example.com")
    attempts.forgive("2001:db8:0:3::1", "ada@example.com")
    assert try_often(attempts, 100, "198.51.100.1", "ada@example.com") == PER_EMAIL
    assert try_often(attempts, 1, "2001:db8:0:3::2", "ada@example.com") == 1
