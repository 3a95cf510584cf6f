"""A second factor: asked for beside the password, of use once, and replaced by recovery codes."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP

from accounts.second_factors.codes import STEP_SECONDS
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.unit.clock import Clock

LOG_IN = {"email": "ada@example.com", "password": PASSWORD}
FACTOR = "/v1/user/second-factor"


class Ada:
    """Somebody who has logged in, with an authenticator whose clock the test turns."""

    def __init__(self, here: Installation, browser: httpx.AsyncClient, clock: Clock) -> None:
        self.here = here
        self.browser = browser
        self.clock = clock
        self.secret = ""

    def code(self) -> str:
        """Return the next code, which was never shown before."""
        self.clock.advance(STEP_SECONDS)
        return TOTP(self.secret).at(int(self.clock()))

    async def post(self, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
        answer = await self.browser.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else {}

    async def add_factor(self) -> list[str]:
        self.secret = (await self.post(FACTOR, {"password": PASSWORD}, 201))["secret"]
        return (await self.post(f"{FACTOR}/confirmation", {"code": self.code()}, 200))["recovery_codes"]


@pytest.fixture
async def ada(here: Installation) -> AsyncGenerator[Ada]:
    clock = Clock(1_800_000_000.0)
    here.accounts.people.second_factors._now = clock
    await here.tenant("ada")
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json=LOG_IN)).status_code == 200
        yield Ada(here, browser, clock)


async def test_a_log_in_asks_for_a_code_once_one_was_shown(ada: Ada) -> None:
    begun = await ada.post(FACTOR, {"password": PASSWORD}, 201)
    assert begun["uri"].startswith("otpauth://totp/Tidings:ada")
    assert begun["secret"] not in await ada.here.rows()
    await ada.post("/v1/login", LOG_IN, 200)
    assert len(await ada.add_factor()) == 10
    assert (await ada.browser.get("/v1/user")).json()["has_second_factor"] is True
    ada.browser.cookies.clear()
    needed = await ada.post("/v1/login", LOG_IN, 202)
    assert not ada.browser.cookies
    await ada.post("/v1/login/code", {"ticket": needed["ticket"], "code": "000000"}, 401)
    await ada.post("/v1/login/code", {"ticket": needed["ticket"] + "x", "code": ada.code()}, 401)
    await ada.post("/v1/login/code", {"ticket": needed["ticket"], "code": ada.code()}, 200)
    assert (await ada.browser.get("/v1/user")).status_code == 200


async def test_a_code_may_come_along_with_the_password_and_is_of_use_once(ada: Ada) -> None:
    await ada.add_factor()
    code = ada.code()
    await ada.post("/v1/login", LOG_IN | {"password": "wrong password", "code": code}, 401)
    await ada.post("/v1/login", LOG_IN | {"code": code}, 200)
    await ada.post("/v1/login", LOG_IN | {"code": code}, 401)
    await ada.post("/v1/login", LOG_IN | {"code": ada.code()}, 200)


async def test_a_clock_may_be_wrong_by_one_period_and_no_more(ada: Ada) -> None:
    await ada.add_factor()
    ada.clock.advance(10 * STEP_SECONDS)
    now = int(ada.clock())
    for seconds, status in ((-2, 401), (2, 401), (-1, 200), (0, 200), (1, 200)):
        code = TOTP(ada.secret).at(now + seconds * STEP_SECONDS)
        await ada.post("/v1/login", LOG_IN | {"code": code}, status)


async def test_a_recovery_code_is_of_use_once_however_it_is_written(ada: Ada) -> None:
    first, second, *_ = await ada.add_factor()
    await ada.post("/v1/login", LOG_IN | {"code": first}, 200)
    await ada.post("/v1/login", LOG_IN | {"code": first}, 401)
    await ada.post("/v1/login", LOG_IN | {"code": second.upper().replace("-", " ")}, 200)
    assert (await ada.browser.get("/v1/user")).json()["recovery_codes_left"] == 8
    assert second.replace("-", "") not in await ada.here.rows()
    renewed = await ada.post(f"{FACTOR}/recovery-codes", {"password": PASSWORD, "code": ada.code()}, 200)
    await ada.post("/v1/login", LOG_IN | {"code": _[0]}, 401)
    await ada.post("/v1/login", LOG_IN | {"code": renewed["recovery_codes"][0]}, 200)


async def test_it_is_removed_by_who_has_both(ada: Ada) -> None:
    await ada.add_factor()
    for body, status in (
        ({"password": "wrong password", "code": ada.code()}, 403),
        ({"password": PASSWORD, "code": "000000"}, 403),
        ({"password": PASSWORD, "code": ada.code()}, 204),
        ({"password": PASSWORD, "code": ada.code()}, 404),
    ):
        await ada.post(f"{FACTOR}/removal", body, status)
    await ada.post("/v1/login", LOG_IN, 200)


async def test_a_factor_that_is_there_is_not_replaced_by_who_has_stolen_a_log_in(ada: Ada) -> None:
    await ada.post(f"{FACTOR}/confirmation", {"code": "000000"}, 404)
    await ada.post(FACTOR, {"password": "wrong password"}, 403)
    await ada.post(FACTOR, {"password": PASSWORD}, 201)
    await ada.post(f"{FACTOR}/confirmation", {"code": "000000"}, 403)
    await ada.add_factor()
    await ada.post(FACTOR, {"password": PASSWORD}, 409)
    await ada.post(f"{FACTOR}/confirmation", {"code": ada.code()}, 409)


async def test_codes_are_not_to_be_guessed(ada: Ada) -> None:
    await ada.add_factor()
    ada.browser.cookies.clear()
    ticket = (await ada.post("/v1/login", LOG_IN, 202))["ticket"]
    statuses = [
        (await ada.browser.post("/v1/login/code", json={"ticket": ticket, "code": f"{n:06}"})).status_code
        for n in range(11)
    ]
    assert set(statuses[:9]) == {401}
    assert statuses[-1] == 429


@pytest.mark.parametrize("path", ["removal", "recovery-codes"])
async def test_codes_are_not_to_be_guessed_by_who_knows_the_password_and_has_stolen_a_log_in(
    ada: Ada, path: str
) -> None:
    await ada.add_factor()
    body = {"password": PASSWORD, "code": "000000"}
    statuses = [(await ada.browser.post(f"{FACTOR}/{path}", json=body)).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    await ada.post("/v1/login", LOG_IN | {"code": "000000"}, 429)


async def test_codes_of_an_authenticator_that_was_begun_are_not_to_be_guessed(ada: Ada) -> None:
    await ada.post(FACTOR, {"password": PASSWORD}, 201)
    statuses = [
        (await ada.browser.post(f"{FACTOR}/confirmation", json={"code": "000000"})).status_code for _ in range(11)
    ]
    assert statuses == [403] * 10 + [429]


async def test_a_ticket_does_not_outlive_the_password_or_five_minutes(start: Start, ada: Ada, tmp_path: Path) -> None:
    await ada.add_factor()
    ticket = (await ada.post("/v1/login", LOG_IN, 202))["ticket"]
    body = {"password": PASSWORD, "new_password": "a new password"}
    await ada.post("/v1/user/password", body, 204)
    await ada.post("/v1/login/code", {"ticket": ticket, "code": ada.code()}, 401)
    log_in = LOG_IN | {"password": "a new password"}
    ticket = (await ada.post("/v1/login", log_in, 202))["ticket"]
    log_ins = ada.here.accounts.people.entrance._log_ins
    present = log_ins._now
    log_ins._now = lambda: present() + 301
    await ada.post("/v1/login/code", {"ticket": ticket, "code": ada.code()}, 401)
    log_ins._now = present
    await ada.post("/v1/login/code", {"ticket": ticket, "code": ada.code()}, 200)
