"""A mail server for tests: real SMTP on a free port of this machine, that can be told to refuse."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.e2e.certificates import Files
from tests.patience import patient

USERNAME, PASSWORD = "tidings", "a mailer's password"


class MailServer:
    """Keeps what it is sent.

    Attributes:
        refusals: What it answers to the next recipients instead of taking them.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []
        self.port = 0
        self.is_encrypted: list[bool] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _: Any) -> str:  # noqa: N802 - the library's words
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - the same
        assert server.transport is not None
        assert isinstance(envelope.content, bytes)
        self.is_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    async def nth(self, number: int) -> EmailMessage:
        """Wait for a mail, counted from 0, and return it."""
        async with asyncio.timeout(patient(30)):
            while len(self.mails) <= number:
                await asyncio.sleep(0.01)
        return self.mails[number]

    async def newest(self, subject: str = "") -> EmailMessage:
        """Wait until the newest mail has a subject like this one, and return it."""
        async with asyncio.timeout(patient(30)):
            while not (self.mails and subject in self.mails[-1]["Subject"]):
                await asyncio.sleep(0.01)
        return self.mails[-1]


def text_of(mail: EmailMessage) -> str:
    """Return what a mail says as text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def token_in(mail: EmailMessage) -> str:
    """Return the token in a mail's link."""
    (link,) = [line for line in text_of(mail).splitlines() if "?token=" in line]
    return link.partition("?token=")[2]


def _authenticates(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    is_right = (given.login, given.password) == (USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)  # what is handled gets no answer from the server


@asynccontextmanager
async def mail_server(certificate: Files | None = None) -> AsyncGenerator[MailServer]:
    """Run a mail server; with a certificate it asks for STARTTLS and a password."""
    kept = MailServer()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate.server)

    def session() -> SMTP:
        return SMTP(
            kept,
            hostname="127.0.0.1",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=_authenticates,
            auth_required=context is not None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()
        await server.wait_closed()
