"""Signing up, logging in and out over REST, and what a browser and its attackers see of it."""

import base64
import json
import re
from typing import Any

import httpx
import pytest

from accounts.sessions.attempts import PER_EMAIL
from tests.integration.accounts.installation import ORIGIN, PASSWORD, Installation

ADA = {"email": "Ada@Example.com", "password": PASSWORD, "account_name": "Engines"}
LOG_IN = {"email": "ada@example.com", "password": PASSWORD}


async def signed_up(browser: httpx.AsyncClient, **changed: str) -> dict[str, Any]:
    answer = await browser.post("/v1/signup", json=ADA | changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_sign_up_makes_an_account_and_logs_in(here: Installation) -> None:
    async with here.rest() as browser:
        made = await signed_up(browser)
        assert set(made) == {"account_id", "user_id"}
        assert await here.directory.account(made["account_id"]) is not None
        assert (await browser.get("/v1/caches")).json() == {"caches": [], "next_token": None}


async def test_the_database_holds_neither_password_nor_cookie_nor_key(here: Installation) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
        made = (await browser.post("/v1/api-keys", json={"role_id": "owner"})).json()
        (cookie,) = browser.cookies.values()
    tables = await here.rows()
    assert "ada@example.com" in tables
    for secret in (PASSWORD, cookie, made["api_key"], made["api_key"].split(".")[2]):
        assert secret not in tables


async def test_the_same_person_is_known_in_any_spelling(here: Installation) -> None:
    async with here.rest() as browser:
        made = await signed_up(browser)
        for email in ("ada@example.com", "ADA@EXAMPLE.COM", " Ada@example.com "):
            answer = await browser.post("/v1/login", json=LOG_IN | {"email": email})
            assert (answer.status_code, answer.json()["user_id"]) == (200, made["user_id"])
        again = await browser.post("/v1/signup", json=ADA | {"email": "ADA@example.COM"})
        assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def test_a_log_in_is_a_new_session_and_a_log_out_ends_it(here: Installation) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
        first = dict(browser.cookies)
        await browser.post("/v1/login", json=LOG_IN)
        second = dict(browser.cookies)
        assert first != second
        assert (await browser.post("/v1/logout")).status_code == 204
        assert not browser.cookies
    for cookies in (first, second):
        async with here.rest() as thief:
            thief.cookies.update(cookies)
            assert (await thief.get("/v1/caches")).status_code == 401


async def test_nobody_learns_which_emails_exist(here: Installation) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
    async with here.rest(**{"x-request-id": "mine"}) as stranger:
        wrong = LOG_IN | {"password": "wrong password"}
        known = await stranger.post("/v1/login", json=wrong)
        unknown = await stranger.post("/v1/login", json=wrong | {"email": "eve@example.com"})
        nonsense = await stranger.post("/v1/login", json=wrong | {"email": "no e-mail"})
    assert known.status_code == unknown.status_code == nonsense.status_code == 401
    assert known.json() == unknown.json() == nonsense.json()


@pytest.mark.parametrize("email", ["ada@example.com", "eve@example.com"])
async def test_guessing_is_slowed_down_for_known_and_unknown_alike(here: Installation, email: str) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
        await browser.post("/v1/login", json=LOG_IN)
        wrong = {"email": email, "password": "wrong password"}
        statuses = [(await browser.post("/v1/login", json=wrong)).status_code for _ in range(PER_EMAIL + 1)]
        assert statuses == [401] * PER_EMAIL + [429]
        answer = await browser.post("/v1/login", json=wrong | {"password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_logins")
        assert "retry-after" in answer.headers


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "no e-mail"}, "e-mail"),
        ({"password": "short"}, "password"),
        ({"account_name": "  "}, "name"),
        ({"email": 7}, "email"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_sign_up_is_named(
    here: Installation, changed: dict[str, object], field: str
) -> None:
    async with here.rest() as browser:
        answer = await browser.post("/v1/signup", json=ADA | changed)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert set(answer.json()) == {"code", "message", "details", "request_id"}
    assert field in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"email": "\\ud800"}', b'{"\\ud800": 1}', b'{"a": NaN}', b"\xff\xfe", b"[" * 9000],
)
async def test_a_body_that_is_no_sign_up_is_refused_in_the_same_shape(here: Installation, body: bytes) -> None:
    async with here.rest() as browser:
        answer = await browser.post("/v1/signup", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


async def test_a_body_that_is_too_large_is_refused(here: Installation) -> None:
    async with here.rest() as browser:
        answer = await browser.post("/v1/signup", json=ADA | {"account_name": "x" * 1_000_000})
    assert (answer.status_code, set(answer.json())) == (413, {"code", "message", "details", "request_id"})


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": ORIGIN},
    {"origin": "https://evil.example"},
    {"origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_changes_nothing(here: Installation, headers: dict[str, str]) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
        requests = [
            ("POST", "/v1/caches", {"name": "chat"}),
            ("DELETE", "/v1/caches/chat", None),
            ("POST", "/v1/api-keys", {"role_id": "owner"}),
            ("POST", "/v1/session-token", None),
            ("POST", "/v1/login", LOG_IN),
            ("POST", "/v1/signup", ADA),
            ("POST", "/v1/logout", None),
        ]
        for method, path, body in requests:
            answer = await browser.request(method, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path
        assert (await browser.get("/v1/caches")).json() == {"caches": [], "next_token": None}


@pytest.mark.parametrize("headers", [{}, {"origin": ORIGIN}, {"sec-fetch-site": "same-origin", "origin": ORIGIN}])
async def test_our_own_page_and_programs_may_change(here: Installation, headers: dict[str, str]) -> None:
    async with here.rest() as browser:
        await signed_up(browser)
        assert (await browser.post("/v1/caches", json={"name": "chat"}, headers=headers)).status_code == 201


async def test_a_session_token_administers_and_says_no_endpoint(here: Installation) -> None:
    async with here.rest() as browser:
        made = await signed_up(browser)
        token = (await browser.post("/v1/session-token")).json()["session_token"]
    await here.create_cache(token, "chat")
    assert await here.cache_names(token) == ["chat"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sub"] == made["account_id"]
    assert not {"t", "c", "cp"} & set(claims)


async def test_a_session_token_comes_from_a_log_in_alone(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        assert (await program.post("/v1/session-token")).status_code == 401


async def test_the_description_names_no_other_host(here: Installation) -> None:
    async with here.rest() as browser:
        description = (await browser.get("/v1/openapi.json")).json()
        assert {"/v1/signup", "/v1/login", "/v1/api-keys", "/v1/caches"} <= set(description["paths"])
        page = await browser.get("/docs")
        assert page.status_code == 200
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text) == []
        answer = await browser.get("/redoc")
        assert (answer.status_code, set(answer.json())) == (404, {"code", "message", "details", "request_id"})


async def test_an_installation_without_a_store_makes_no_cache_durable(here: Installation) -> None:
    async with here.rest() as browser:
        await browser.post("/v1/signup", json=ADA)
        refused = await browser.post("/v1/caches", json={"name": "chat", "durable": True})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")
        assert "durable caches need Redis" in refused.json()["message"]
        assert (await browser.post("/v1/caches", json={"name": "chat"})).status_code == 201
        assert (await browser.patch("/v1/caches/chat", json={"durable": True})).status_code == 400
        assert (await browser.patch("/v1/caches/chat", json={"durable": False})).status_code == 200
        assert (await browser.patch("/v1/caches/chat", json={"durable": "yes"})).status_code == 400
        (cache,) = (await browser.get("/v1/caches")).json()["caches"]
        assert (cache["name"], cache["durable"]) == ("chat", False)
