"""Passwords that are changed, and that were forgotten."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.integration.accounts.smtp_server import MailServer, mail_server, text_of, token_in
from tests.integration.accounts.test_mail import settings

NEW = "a new password"
LOG_IN = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
async def server() -> AsyncGenerator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def mailing(start: Start, server: MailServer) -> Installation:
    return await start(mail=settings(server.port))


@asynccontextmanager
async def logged_in(here: Installation) -> AsyncGenerator[httpx.AsyncClient]:
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json=LOG_IN)).status_code == 200
        yield browser


async def test_a_change_of_the_password_ends_the_other_log_ins(mailing: Installation, server: MailServer) -> None:
    await mailing.tenant("ada")
    async with logged_in(mailing) as here, logged_in(mailing) as elsewhere:
        for body, status in (
            ({"password": "wrong password", "new_password": NEW}, 403),
            ({"password": PASSWORD, "new_password": "short"}, 400),
            ({"password": PASSWORD, "new_password": NEW}, 204),
        ):
            assert (await here.post("/v1/user/password", json=body)).status_code == status
        assert ((await here.get("/v1/user")).status_code, (await elsewhere.get("/v1/user")).status_code) == (200, 401)
        assert (await elsewhere.post("/v1/login", json=LOG_IN)).status_code == 401
        assert (await elsewhere.post("/v1/login", json=LOG_IN | {"password": NEW})).status_code == 200
    assert "ada@example.com" in text_of(await server.newest("password was changed"))


async def test_the_present_password_is_not_to_be_guessed_by_who_has_stolen_a_log_in(here: Installation) -> None:
    await here.tenant("ada")
    async with logged_in(here) as thief:
        body = {"password": "wrong password", "new_password": NEW}
        statuses = [(await thief.post("/v1/user/password", json=body)).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


async def test_a_forgotten_password_is_set_anew_by_who_reads_the_mail(
    mailing: Installation, server: MailServer
) -> None:
    await mailing.tenant("ada")
    async with logged_in(mailing) as elsewhere, mailing.rest() as browser:
        asked = await browser.post("/v1/password-reset", json={"email": " ADA@example.com"})
        assert (asked.status_code, asked.json()) == (202, {"state": "sent_if_known"})
        token = token_in(await server.newest("Set a new password"))
        assert token not in await mailing.rows()
        for body, status in (
            ({"token": token, "new_password": "short"}, 400),
            ({"token": token + "x", "new_password": NEW}, 401),
            ({"token": token, "new_password": NEW}, 204),
            ({"token": token, "new_password": NEW}, 401),
        ):
            assert (await browser.post("/v1/password-reset/confirmation", json=body)).status_code == status
        assert not browser.cookies
        assert (await elsewhere.get("/v1/user")).status_code == 401
        assert (await browser.post("/v1/login", json=LOG_IN)).status_code == 401
        assert (await browser.post("/v1/login", json=LOG_IN | {"password": NEW})).status_code == 200


async def test_a_newer_mail_makes_the_older_one_useless_and_an_hour_both(
    mailing: Installation, server: MailServer
) -> None:
    await mailing.tenant("ada")
    tokens: list[str] = []
    async with mailing.rest() as browser:
        for number in range(2):
            await browser.post("/v1/password-reset", json={"email": "ada@example.com"})
            tokens.append(token_in(await server.nth(number)))
        async with mailing.accounts.database.transaction() as session:
            await session.execute(text("UPDATE user_token SET expires_at = expires_at - 3601"))
        for token in tokens:
            body = {"token": token, "new_password": NEW}
            assert (await browser.post("/v1/password-reset/confirmation", json=body)).status_code == 401


async def test_nobody_learns_by_a_reset_which_e_mails_are_known(mailing: Installation, server: MailServer) -> None:
    await mailing.tenant("ada")
    async with mailing.rest() as stranger:
        answers = [
            await stranger.post("/v1/password-reset", json={"email": email})
            for email in ("ada@example.com", "bob@example.com", "no e-mail")
        ]
    for answer in answers:
        del answer.headers["ratelimit-remaining"], answer.headers["x-request-id"]
    assert len({(answer.status_code, answer.content, tuple(answer.headers.items())) for answer in answers}) == 1
    await server.newest("Set a new password")
    assert [mail["To"] for mail in server.mails] == ["ada@example.com"]
