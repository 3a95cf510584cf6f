"""Log-ins: listed, ended one by one, over after half a day; and what guessing comes to."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from accounts.rest.cookies import Cookie
from accounts.rest.forms import FormTokens
from accounts.sessions import attempts
from accounts.sessions.attempts import Attempts
from api.errors import PermissionDenied
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.unit.clock import Clock

LOG_IN = {"email": "ada@example.com", "password": PASSWORD}


async def logged_in(browser: httpx.AsyncClient, **changed: str) -> None:
    assert (await browser.post("/v1/login", json=LOG_IN | changed)).status_code == 200


async def listed(browser: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await browser.get("/v1/sessions")).json()["sessions"]


async def test_log_ins_are_listed_and_ended_one_by_one(here: Installation) -> None:
    for name in ("ada", "bob"):
        await here.tenant(name)
    async with (
        here.rest(**{"user-agent": "Browser\n1"}) as one,
        here.rest() as two,
        here.rest() as three,
        here.rest() as bob,
    ):
        for browser in (one, two, three):
            await logged_in(browser)
        await logged_in(bob, email="bob@example.com")
        found = await listed(one)
        assert [each["is_current"] for each in found].count(True) == 1
        assert [len(found), len(await listed(bob))] == [3, 1]
        assert {each["address"] for each in found} == {"127.0.0.1"}
        (current,) = [each["session_id"] for each in await listed(two) if each["is_current"]]
        assert (await bob.delete(f"/v1/sessions/{current}")).status_code == 404
        assert (await one.delete(f"/v1/sessions/{current}")).status_code == 204
        assert [(await browser.get("/v1/user")).status_code for browser in (one, two, three)] == [200, 401, 200]
        assert (await one.delete("/v1/sessions")).status_code == 204
        assert [(await browser.get("/v1/user")).status_code for browser in (one, three, bob)] == [200, 401, 200]


async def test_a_log_in_is_over_after_half_a_day_whatever_it_is_used_for(here: Installation) -> None:
    await here.tenant("ada")
    clock = Clock(1_800_000_000.0)
    here.accounts.people.sessions._now = clock
    async with here.rest() as browser:
        await logged_in(browser)
        for hours, status in ((6, 200), (5.9, 200), (0.2, 401)):
            clock.advance(hours * 3600)
            assert (await browser.get("/v1/user")).status_code == status
    async with here.accounts.database.reading() as session:
        used = await session.scalar(text("SELECT used_at - created_at FROM session"))
    assert used == 11.9 * 3600


@pytest.fixture
def clock(here: Installation) -> Clock:
    clock = Clock()
    here.accounts.people.entrance._guesses = Attempts(now=clock)
    return clock


async def guesses(here: Installation, times: int, address: str = "198.51.100.9", **changed: str) -> list[int]:
    """Guess a password from an address, and return the statuses."""
    transport = httpx.ASGITransport(app=here.app, client=(address, 4000))  # pyright: ignore[reportArgumentType]
    body = LOG_IN | {"password": "wrong password"} | changed
    async with httpx.AsyncClient(transport=transport, base_url="http://tidings.test") as guesser:
        return [
            (
                await guesser.post("/v1/login", json=body, headers={"x-forwarded-for": f"10.0.{n // 250}.{n % 250}"})
            ).status_code
            for n in range(times)
        ]


async def test_a_thousand_wrong_passwords_lock_nobody_else_out(here: Installation, clock: Clock) -> None:
    for name in ("ada", "bob"):
        await here.tenant(name)
    async with here.rest() as ada, here.rest() as bob:
        await logged_in(ada)
        statuses = await guesses(here, 1000)
        assert (statuses.count(401), statuses.count(429)) == (10, 990)
        await logged_in(ada)
        await logged_in(bob, email="bob@example.com")
    assert (await guesses(here, 1, "203.0.113.1", password=PASSWORD)) == [429]
    clock.advance(attempts.EMAIL_WINDOW_SECONDS + 0.1)
    assert (await guesses(here, 1, "203.0.113.1", password=PASSWORD)) == [200]


async def test_an_address_guesses_for_no_more_than_thirty_accounts_in_a_minute(
    here: Installation, clock: Clock
) -> None:
    found: list[int] = []
    for n in range(100):
        found += await guesses(here, 10, email=f"{n}@example.com")
    assert (found.count(401), found.count(429)) == (30, 970)
    clock.advance(60.1)
    assert await guesses(here, 1, email="x@example.com") == [401]


def request_with(cookie: str, **headers: str) -> Request:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": [(b"cookie", cookie.encode()), *sent]})


@pytest.mark.parametrize("tls", [False, True])
def test_a_form_has_a_token_that_another_site_does_not_know(tls: bool) -> None:
    cookie = Cookie(tls=tls)
    forms = FormTokens(cookie)
    given = Response()
    token = forms.token(request_with(""), given)
    name, _, value = given.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == cookie.form_name
    before = request_with(f"{name}={value}", host="tidings.test")
    forms.check(before, token)
    for secret in ("one", "two"):
        own = request_with(f"{name}={value}; {cookie.name}={secret}", host="tidings.test")
        forms.check(own, forms.token(own, Response()))
        for wrong in ("", "x", token):
            with pytest.raises(PermissionDenied):
                forms.check(own, wrong)
    foreign = request_with(f"{name}={value}", host="tidings.test", origin="https://evil.test")
    for refused in (foreign, request_with("")):
        with pytest.raises(PermissionDenied):
            forms.check(refused, token)
