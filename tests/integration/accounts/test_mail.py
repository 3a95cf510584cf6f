"""Mails: they go when the transaction is committed that they tell of, and until somebody takes them."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from email import message_from_bytes, policy
from pathlib import Path
from stat import S_IMODE

import pytest

from accounts.mail import service
from accounts.mail.service import Mails
from accounts.mail.settings import MailSettings, Security, SmtpSettings
from tests.e2e.certificates import issue
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.smtp_server import PASSWORD, USERNAME, MailServer, mail_server, text_of
from tests.patience import patient

ADA = "ada@example.com"
URL = "https://tidings.example.com"


def settings(port: int, security: Security = "none", **others: object) -> MailSettings:
    smtp = SmtpSettings("127.0.0.1", port, "Tidings <tidings@example.com>", security=security, **others)  # pyright: ignore[reportArgumentType]
    return MailSettings(smtp, URL)


@pytest.fixture
async def server() -> AsyncGenerator[MailServer]:
    async with mail_server() as running:
        yield running


async def send(mails: Mails, here: Installation, recipient: str | None = ADA, token: str = "t-1") -> None:
    async with here.accounts.database.transaction() as session:
        mails.add(session, recipient, "password-reset", token=token, minutes=60)


async def count(here: Installation) -> int:
    return (await here.rows()).count("mail_")


async def test_a_mail_goes_by_smtp(start: Start, server: MailServer) -> None:
    here = await start(mail=settings(server.port))
    await send(here.accounts.mails, here)
    mail = await server.newest()
    assert (mail["To"], mail["From"]) == (ADA, "Tidings <tidings@example.com>")
    assert f"{URL}/reset?token=t-1" in text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert f'href="{URL}/reset?token=t-1"' in html.get_content()
    async with asyncio.timeout(patient(10)):
        while await count(here):
            await asyncio.sleep(0.01)


async def test_a_mail_goes_over_tls_with_a_password(here: Installation, tmp_path: Path) -> None:
    files = issue(tmp_path, "mail.test")
    async with mail_server(files) as server:
        known = {"username": USERNAME, "password": PASSWORD, "ca_file": files.authority}
        for change, arrives in (({}, True), ({"password": "another"}, False), ({"ca_file": None}, False)):
            mail = settings(server.port, "starttls", **(known | change))
            mails = Mails(here.accounts.database, here.accounts.master_keys, tmp_path, mail)
            before = len(server.mails)
            async with here.accounts.database.transaction() as session:
                mails.add(session, ADA, "password-reset", token="t", minutes=1)
            while len(server.mails) == before and await mails.deliver():
                pass
            assert len(server.mails) == before + arrives
        assert server.is_encrypted == [True]


async def test_a_mail_that_nobody_takes_is_tried_again_and_given_up_in_the_end(
    here: Installation, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    await here.accounts.mails.close()
    mails = Mails(here.accounts.database, here.accounts.master_keys, tmp_path, settings(server.port), now=lambda: now)
    server.refusals = ["451 busy"] * 2
    await send(mails, here)
    assert [await mails.deliver(), await mails.deliver()] == [1, 0]
    now += service.FIRST_RETRY_SECONDS
    assert [await mails.deliver(), await mails.deliver()] == [1, 0]
    now += 2 * service.FIRST_RETRY_SECONDS
    assert await mails.deliver() == 1
    assert (len(server.mails), await count(here)) == (1, 0)
    monkeypatch.setattr(service, "GIVE_UP_SECONDS", -1)
    server.refusals = ["451 busy"]
    await send(mails, here)
    await mails.deliver()
    assert (len(server.mails), await count(here)) == (1, 0)


async def test_a_recipient_that_does_not_exist_is_tried_once(
    start: Start, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    here = await start(mail=settings(server.port))
    server.refusals = ["550 no such user"]
    await send(here.accounts.mails, here)
    async with asyncio.timeout(patient(10)):
        while await count(here) or server.refusals:
            await asyncio.sleep(0.01)
    assert "given up" in caplog.text
    assert ADA not in caplog.text


async def test_what_is_undone_sends_no_mail(here: Installation) -> None:
    async def undone() -> None:
        async with here.accounts.database.transaction() as session:
            here.accounts.mails.add(session, ADA, "password-reset", token="t", minutes=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await count(here) == 0


async def test_without_a_server_mails_are_files_that_others_cannot_read(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        here = await start()
    assert str(tmp_path / "mail") in caplog.text
    await send(here.accounts.mails, here, None)
    await send(here.accounts.mails, here, token="a-token")
    async with asyncio.timeout(patient(10)):
        while await count(here):
            await asyncio.sleep(0.01)
    (path,) = (tmp_path / "mail").iterdir()
    assert (path.suffix, S_IMODE(path.stat().st_mode), S_IMODE(path.parent.stat().st_mode)) == (".eml", 0o600, 0o700)
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], "a-token" in str(mail)) == (ADA, True)


async def test_the_database_holds_no_token_of_a_mail(here: Installation) -> None:
    await here.accounts.mails.close()
    await send(here.accounts.mails, here, token="a-token")
    assert "a-token" not in await here.rows()


@pytest.mark.parametrize("template", ["sign-up", "sign-up-again", "confirm-email", "password-changed", "invitation"])
async def test_what_people_call_themselves_is_text(here: Installation, template: str) -> None:
    evil = "<script>alert(1)</script>"
    content = here.accounts.mails.templates.render(
        template,
        {"public_url": URL, "inviter": evil, "account": evil, "role": "viewer", "token": "t", "hours": 1, "days": 1}
        | {"email": evil},
    )
    assert "<script>" not in content.html
    assert content.subject
    assert "\n" not in content.subject
