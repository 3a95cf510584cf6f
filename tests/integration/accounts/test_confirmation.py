"""Signing up where there is a mail server: an account is made when its owner has shown to read what is sent."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.integration.accounts.smtp_server import MailServer, mail_server, text_of, token_in
from tests.integration.accounts.test_mail import settings

ADA = {"email": "ada@example.com", "password": PASSWORD, "account_name": "Engines"}
LOG_IN = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
async def server() -> AsyncGenerator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def mailing(start: Start, server: MailServer) -> Installation:
    return await start(mail=settings(server.port))


async def post(browser: httpx.AsyncClient, path: str, body: dict[str, Any], status: int) -> httpx.Response:
    answer = await browser.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer


async def test_an_account_is_there_when_its_sign_up_is_confirmed(mailing: Installation, server: MailServer) -> None:
    async with mailing.rest() as browser:
        asked = await post(browser, "/v1/signup", ADA, 202)
        assert asked.json() == {"state": "confirmation_sent", "email": "ada@example.com"}
        assert not browser.cookies
        await post(browser, "/v1/login", LOG_IN, 401)
        token = token_in(await server.newest("Confirm"))
        assert token not in await mailing.rows()
        made = await post(browser, "/v1/signup/confirmation", {"token": token}, 201)
        assert await mailing.directory.account(made.json()["account_id"]) is not None
        await post(browser, "/v1/api-keys", {"role_id": "owner"}, 201)
        await post(browser, "/v1/signup/confirmation", {"token": token}, 401)
        await post(browser, "/v1/login", LOG_IN, 200)
        assert (await browser.get("/v1/user")).json()["is_confirmed"] is True


async def test_signing_up_with_a_known_e_mail_tells_its_owner_alone(mailing: Installation, server: MailServer) -> None:
    await mailing.tenant("ada")
    async with mailing.rest() as browser:
        known = await post(browser, "/v1/signup", ADA | {"password": "eves own password"}, 202)
        mail = await server.newest("have an account")
        assert "?token=" not in text_of(mail)
        unknown = await post(browser, "/v1/signup", ADA | {"email": "eve@example.com"}, 202)
        for name in ("ratelimit-remaining", "content-length", "x-request-id"):
            del known.headers[name], unknown.headers[name]
        assert known.headers == unknown.headers
        assert set(known.json()) == set(unknown.json())
        await post(browser, "/v1/login", ADA | {"account_name": ""}, 400)
        await post(browser, "/v1/login", LOG_IN | {"password": "eves own password"}, 401)
        await post(browser, "/v1/login", LOG_IN, 200)


async def test_of_two_sign_ups_with_an_e_mail_one_is_confirmed(mailing: Installation, server: MailServer) -> None:
    async with mailing.rest() as browser:
        tokens: list[str] = []
        for password in ("the first password", "the second password"):
            await post(browser, "/v1/signup", ADA | {"password": password}, 202)
            tokens.append(token_in(await server.nth(len(tokens))))
        await post(browser, "/v1/signup/confirmation", {"token": tokens[1]}, 201)
        await post(browser, "/v1/signup/confirmation", {"token": tokens[0]}, 401)
        await post(browser, "/v1/login", LOG_IN | {"password": "the first password"}, 401)
        await post(browser, "/v1/login", LOG_IN | {"password": "the second password"}, 200)


async def test_what_is_not_confirmed_within_a_day_is_forgotten(mailing: Installation, server: MailServer) -> None:
    async with mailing.rest() as browser:
        await post(browser, "/v1/signup", ADA, 202)
        token = token_in(await server.newest())
        async with mailing.accounts.database.transaction() as session:
            await session.execute(text("UPDATE sign_up SET expires_at = expires_at - 86401"))
        await post(browser, "/v1/signup/confirmation", {"token": token}, 401)


async def test_who_signed_up_without_a_mail_server_makes_no_key_before_the_e_mail_is_confirmed(
    start: Start, server: MailServer
) -> None:
    before = await start()
    async with before.rest() as browser:
        await post(browser, "/v1/signup", ADA, 201)
        await post(browser, "/v1/api-keys", {"role_id": "owner"}, 201)
    here = await start(mail=settings(server.port))
    async with here.rest() as browser:
        await post(browser, "/v1/login", LOG_IN, 200)
        refused = await post(browser, "/v1/api-keys", {"role_id": "viewer"}, 403)
        assert "confirm your e-mail" in refused.json()["message"]
        assert (await browser.post("/v1/session-token")).status_code == 403
        assert (await browser.post("/v1/user/confirmation")).status_code == 204
        await post(browser, "/v1/email-confirmation", {"token": "not one"}, 401)
        await post(browser, "/v1/email-confirmation", {"token": token_in(await server.newest("Confirm"))}, 204)
        await post(browser, "/v1/api-keys", {"role_id": "owner"}, 201)
        assert (await browser.post("/v1/user/confirmation")).status_code == 204
    assert len(server.mails) == 1


async def test_who_was_made_on_the_machine_is_vouched_for(mailing: Installation) -> None:
    await mailing.tenant("ada")
    async with mailing.rest() as browser:
        await post(browser, "/v1/login", LOG_IN, 200)
        await post(browser, "/v1/api-keys", {"role_id": "owner"}, 201)


async def test_a_mailbox_is_not_flooded(mailing: Installation, server: MailServer) -> None:
    async with mailing.rest() as browser:
        statuses = [(await browser.post("/v1/signup", json=ADA)).status_code for _ in range(6)]
        assert statuses == [202] * 5 + [429]
        assert (await browser.post("/v1/password-reset", json={"email": ADA["email"]})).status_code == 429
