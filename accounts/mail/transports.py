"""Ways to deliver a mail: a server that speaks SMTP, or a folder for installations that have none."""

import asyncio
import os
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import aiosmtplib

from accounts.mail.settings import SmtpSettings

TIMEOUT_SECONDS = 30.0


class Undeliverable(Exception):
    """Nobody will ever take this mail; the message says why, and nothing of the recipient."""


class Transport(Protocol):
    """A way to deliver."""

    async def deliver(self, mail_id: str, message: EmailMessage) -> None:
        """Deliver a mail.

        Raises:
            Undeliverable: there is no use in trying again.
            OSError, aiosmtplib.SMTPException: it may go better later.
        """
        ...


class Smtp:
    """Delivers to a server."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def __repr__(self) -> str:
        return f"<Smtp {self._settings.host}:{self._settings.port} {self._settings.security}>"

    async def deliver(self, mail_id: str, message: EmailMessage) -> None:
        """See `Transport`."""
        settings = self._settings
        is_secure = settings.security != "none"
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=settings.password or None,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                tls_context=ssl.create_default_context(cafile=settings.ca_file) if is_secure else None,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [each.code for each in refused.recipients]
            if all(code >= 500 for code in codes):
                raise Undeliverable(f"the mail server refuses the recipient ({codes[0]})") from refused
            raise
        except aiosmtplib.SMTPDataError as refused:
            if refused.code >= 500:
                raise Undeliverable(f"the mail server refuses the mail ({refused.code})") from refused
            raise


class Folder:
    """Writes each mail to a file of its own, which its owner alone can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"<Folder {self._folder}>"

    async def deliver(self, mail_id: str, message: EmailMessage) -> None:
        """See `Transport`."""
        await asyncio.to_thread(self._write, f"{mail_id}.eml", message.as_bytes())

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.new"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unfinished.rename(self._folder / name)
