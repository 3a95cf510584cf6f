import asyncio
from collections.abc import Generator

import pytest

from accounts.users import passwords as module
from accounts.users.passwords import Passwords
from api.errors import Unavailable


@pytest.fixture(scope="module")
def passwords() -> Generator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_a_hash_is_argon2_and_is_salted(passwords: Passwords) -> None:
    one, other = await passwords.hash("correct horse battery"), await passwords.hash("correct horse battery")
    assert one.startswith("$argon2id$")
    assert one != other
    assert "correct" not in one


async def test_only_the_right_password_matches(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse battery")
    assert await passwords.matches("correct horse battery", kept)
    assert not await passwords.matches("correct horse", kept)


@pytest.mark.parametrize("password", ["nobody has this password", "", "x"])
async def test_nothing_matches_for_nobody(passwords: Passwords, password: str) -> None:
    assert not await passwords.matches(password, None)


async def test_a_crowd_is_sent_away_and_the_next_one_served(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    results = await asyncio.gather(*(passwords.hash("x") for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, Unavailable) for result in results) == 7
    assert await passwords.hash("x")
