"""Signing up, logging in and out, by a browser and by whoever would like to pass for one."""

import logging
from typing import Any

import httpx
import pytest

from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import ORIGIN, PASSWORD, Installation

ADA = {"email": "ada@example.com", "password": PASSWORD}


async def sign_up(browser: httpx.AsyncClient) -> httpx.Response:
    answer = await browser.post("/v1/signup", json={**ADA, "account_name": "Analytical Engines"})
    assert answer.status_code == 201, answer.text
    return answer


async def test_signing_up_logs_in_and_a_key_made_so_controls(here: Installation) -> None:
    async with here.rest() as browser:
        made = (await sign_up(browser)).json()
        assert set(made) == {"account_id", "user_id"}
        key = await browser.post(
            "/v1/api-keys", json={"role_id": "owner", "description": "back end", "expiry": "never"}
        )
    assert key.status_code == 201
    assert key.json()["key_info"]["account_id"] == made["account_id"]
    assert key.json()["key_info"]["expires_at_epoch_seconds"] is None
    await here.create_cache(key.json()["api_key"], "chat")


async def test_the_flags_of_the_cookie(start: Start) -> None:
    for tls, name in ((False, "tidings"), (True, "__Host-tidings")):
        here = await start(tls=tls)
        async with here.rest() as browser:
            path = "/v1/login" if tls else "/v1/signup"
            body = ADA if tls else {**ADA, "account_name": "Engines"}
            cookie = (await browser.post(path, json=body)).headers["set-cookie"]
        value, *flags = cookie.split("; ")
        assert value.startswith(f"{name}=")
        assert {flag.lower() for flag in flags} == {"httponly", "max-age=43200", "path=/", "samesite=lax"} | (
            {"secure"} if tls else set()
        )


async def test_logging_out_ends_the_session_on_the_server(here: Installation) -> None:
    async with here.rest() as browser, here.rest() as thief:
        await sign_up(browser)
        thief.cookies = httpx.Cookies(browser.cookies)
        assert (await thief.get("/v1/caches")).status_code == 200
        assert (await browser.post("/v1/logout")).status_code == 204
        assert not browser.cookies
        assert (await thief.get("/v1/caches")).status_code == 401


async def test_a_session_that_was_there_before_the_log_in_is_of_no_use_after_it(here: Installation) -> None:
    async with here.rest() as browser, here.rest() as thief:
        await sign_up(browser)
        planted = browser.cookies["tidings"]
        await browser.post("/v1/login", json=ADA)
        assert browser.cookies["tidings"] != planted
        thief.cookies.set("tidings", planted)
        assert (await thief.get("/v1/caches")).status_code == 401
        thief.cookies.set("tidings", "chosen-by-the-thief")
        assert (await thief.get("/v1/caches")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"origin": ORIGIN}, 201),
        ({"origin": ORIGIN, "sec-fetch-site": "same-origin"}, 201),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_another_sites_page_changes_nothing(here: Installation, headers: dict[str, str], status: int) -> None:
    async with here.rest() as browser:
        await sign_up(browser)
        answer = await browser.post("/v1/caches", json={"name": "chat"}, headers=headers)
        assert answer.status_code == status
        foreign = (await browser.post("/v1/login", json=ADA, headers=headers)).status_code
        assert foreign == (403 if status == 403 else 200)


async def test_a_form_of_another_site_is_not_read(here: Installation) -> None:
    async with here.rest() as browser:
        await sign_up(browser)
        answer = await browser.post("/v1/caches", content='{"name": "chat"}', headers={"content-type": "text/plain"})
        assert answer.status_code == 400


async def test_a_wrong_password_and_an_unknown_e_mail_look_the_same(here: Installation) -> None:
    async with here.rest() as browser:
        await sign_up(browser)
        browser.cookies.clear()
        wrong = await browser.post("/v1/login", json=ADA | {"password": "a wrong password"})
        unknown = await browser.post("/v1/login", json=ADA | {"email": "bob@example.com"})
        impossible = await browser.post("/v1/login", json=ADA | {"email": "no e-mail"})
        longer = await browser.post("/v1/login", json=ADA | {"password": PASSWORD + "x" * 300})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    ids, bodies = set[str](), list[dict[str, Any]]()
    for answer in (wrong, unknown, impossible, longer):
        assert answer.headers.pop("ratelimit-remaining").isdigit()
        bodies.append(answer.json())
        ids.update({answer.headers.pop("x-request-id"), bodies[-1].pop("request_id")})
        assert (answer.status_code, bodies[-1], answer.headers) == (401, bodies[0], wrong.headers)
    assert len(ids) == 4


async def test_a_password_that_only_begins_like_the_longest_one_is_wrong(here: Installation) -> None:
    longest = "x" * 256
    async with here.rest() as browser:
        body = ADA | {"password": longest}
        assert (await browser.post("/v1/signup", json={**body, "account_name": "Engines"})).status_code == 201
        assert (await browser.post("/v1/login", json=body)).status_code == 200
        assert (await browser.post("/v1/login", json=ADA | {"password": longest + "x"})).status_code == 401


async def test_an_e_mail_signs_up_once_however_it_is_written(here: Installation) -> None:
    async with here.rest() as browser:
        await sign_up(browser)
        again = await browser.post("/v1/signup", json=ADA | {"email": " ADA@Example.com ", "account_name": "Engines"})
        assert (again.status_code, again.json()["code"]) == (409, "already_exists")
        assert (await browser.post("/v1/login", json=ADA | {"email": "ADA@EXAMPLE.COM"})).status_code == 200


async def test_who_tries_too_often_is_told_to_wait(here: Installation) -> None:
    async with here.rest() as browser:
        answers = [await browser.post("/v1/login", json=ADA) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].json()["code"] == "too_many_logins"
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_token_for_a_log_in_makes_super_users(here: Installation) -> None:
    async with here.rest() as browser:
        await sign_up(browser)
        made = await browser.post("/v1/session-token")
        assert made.status_code == 201
        await here.create_cache(made.json()["session_token"], "chat")
        browser.cookies.clear()
        headers = {"authorization": made.json()["session_token"]}
        key = await browser.post("/v1/api-keys", json={"role_id": "owner"}, headers=headers)
        assert key.status_code == 201


async def test_an_api_key_makes_no_key_that_could_replace_it(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=f"Bearer {ada.key}") as program:
        for role, status in (("owner", 403), ("operator", 403), ("viewer", 201), ("emperor", 400)):
            assert (await program.post("/v1/api-keys", json={"role_id": role})).status_code == status


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer ", "BEARER  "])
async def test_a_credential_comes_with_or_without_its_scheme(here: Installation, scheme: str) -> None:
    ada = await here.tenant()
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest() as program:
        for path, credential in (("/v1/caches", ada.key), ("/v1/admin/accounts", token)):
            answer = await program.get(path, headers={"authorization": scheme + credential})
            assert answer.status_code == 200
        assert (await program.get("/v1/caches", headers={"authorization": f"Basic {ada.key}"})).status_code == 401


async def test_no_password_and_no_e_mail_reach_the_log(here: Installation, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with here.rest() as browser:
            await sign_up(browser)
            await browser.post("/v1/login", json=ADA)
            await browser.post("/v1/login", json=ADA | {"password": "a wrong password"})
            await browser.post("/v1/signup", json={**ADA, "account_name": "again"})
    assert PASSWORD not in caplog.text
    assert "a wrong password" not in caplog.text
    assert "ada@example.com" not in caplog.text
