"""Takes mails within a transaction and delivers them soon after, again and again until somebody takes them."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path
from typing import Any

from accounts.database import Database, Remembered, Transaction
from accounts.encryption import MasterKeys
from accounts.identifiers import new_id
from accounts.mail import repository
from accounts.mail.models import Mail
from accounts.mail.rendering import Templates
from accounts.mail.settings import MailSettings
from accounts.mail.transports import Folder, Smtp, Transport, Undeliverable
from api.errors import Unavailable
from api.tasks import end

LOOK_SECONDS = 1.0
"""How soon the mails of other processes, such as the command line, are seen; this one's go at once."""

COMMITTED_SECONDS = 0.05
"""After a mail was added, until its transaction is committed as a rule."""

TOGETHER = 10
LEASE_SECONDS = 600
"""How long after the death of a service that delivers mails another one may deliver them."""

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 10, 3600
GIVE_UP_SECONDS = 2 * 24 * 3600

_log = logging.getLogger(__name__)


class Mails:
    """The mails of an installation; those of one without a mail server are written to `folder`."""

    def __init__(
        self,
        database: Database,
        master_keys: MasterKeys,
        folder: Path,
        settings: MailSettings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._master_keys = master_keys
        self.has_server = settings.smtp is not None
        self._transport: Transport = Folder(folder) if settings.smtp is None else Smtp(settings.smtp)
        self._sender = "tidings@localhost" if settings.smtp is None else settings.smtp.sender
        self._public_url = settings.public_url.rstrip("/")
        self._now = now
        self.templates = Templates()
        self._added = asyncio.Event()
        self._next_at = Remembered(database, repository.NEXT_DUE)
        self._delivering: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Mails {self._transport!r}>"

    def add(self, session: Transaction, recipient: str | None, template: str, **values: Any) -> None:
        """Send a mail when the transaction is committed; nobody waits for it.

        Args:
            session: The transaction.
            recipient: An e-mail address. Without one the mail is written and thrown away: what is done for somebody
                who is known and for somebody who is not takes the same time.
            template: The name of a template; `public_url` is given to each.
            values: What the template asks for.
        """
        content = self.templates.render(template, {**values, "public_url": self._public_url})
        mail_id = new_id("mail")
        sealed = self._master_keys.encrypt(json.dumps(content).encode(), mail_id)
        now = int(self._now())
        repository.add(session, Mail(id=mail_id, recipient=recipient, sealed=sealed, created_at=now, next_at=now))
        self._added.set()

    async def start(self) -> None:
        """Begin to deliver."""
        _log.info("mails go to %r", self._transport)
        self._delivering = asyncio.create_task(self._deliver_on())

    async def close(self) -> None:
        """Stop. What is not delivered yet is kept."""
        if self._delivering is not None:
            await end(self._delivering)

    async def deliver(self) -> int:
        """Deliver what is due; return how many mails were tried."""
        now = int(self._now())
        next_at = await self._next_at.get()
        if next_at is None or next_at > now:
            return 0
        async with self._database.transaction() as session:
            due = await repository.take(session, now, now + LEASE_SECONDS, TOGETHER)
        for mail in due:
            await self._deliver(mail)
        return len(due)

    async def _deliver_on(self) -> None:
        while True:
            self._added.clear()
            try:
                more = await self.deliver() == TOGETHER
            except Unavailable:  # the database has told the log
                more = False
            except Exception:  # noqa: BLE001 - mails that come later must go
                _log.exception("mails could not be delivered")
                more = False
            if not more:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._added.wait()
            await asyncio.sleep(COMMITTED_SECONDS)
        except TimeoutError:
            pass

    async def _deliver(self, mail: Mail) -> None:
        try:
            if mail.recipient is not None:
                await self._transport.deliver(mail.id, self._message(mail, mail.recipient))
        except Undeliverable as reason:
            _log.warning("mail %s is given up: %s", mail.id, reason)
        except Exception as reason:  # noqa: BLE001 - whatever it is, it may have been mended by the next time
            await self._later(mail, reason)
            return
        async with self._database.transaction() as session:
            await repository.remove(session, mail.id)

    async def _later(self, mail: Mail, reason: Exception) -> None:
        now = int(self._now())
        wait = min(FIRST_RETRY_SECONDS * 2 ** (mail.tries - 1), LONGEST_RETRY_SECONDS)
        is_last = now + wait > mail.created_at + GIVE_UP_SECONDS
        then = "it is given up" if is_last else f"the next try is in {wait} s"
        _log.warning("mail %s was not delivered by %r: %s; %s", mail.id, self._transport, type(reason).__name__, then)
        async with self._database.transaction() as session:
            if is_last:
                await repository.remove(session, mail.id)
            else:
                await repository.postpone(session, mail.id, now + wait)

    def _message(self, mail: Mail, recipient: str) -> EmailMessage:
        subject, text, html = json.loads(self._master_keys.decrypt(mail.sealed, mail.id))
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(mail.id, domain="tidings")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return message
