"""The variables that say how mails go out, which every command that serves accounts reads."""

from collections.abc import Iterable
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from typing_extensions import override

from accounts.mail.settings import MailSettings, SmtpSettings
from cli.variables.base import AbsolutePath, Variables

PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    Address(addr_spec=address)
    if "@" not in address or not text.isprintable():
        raise ValueError
    return text


def _url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise ValueError
    return text.rstrip("/")


class MailVariables(Variables):
    """Without a host, mails are written to a folder."""

    smtp_host: str | None = Field(None, description="the name or address of a server that takes mails")
    smtp_port: int | None = Field(None, ge=1, le=65535, description="a port from 1 to 65535")
    smtp_username: str | None = Field(None, description="a text")
    smtp_password: str | None = Field(None, repr=False, description="a text")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="starttls, tls or none")
    smtp_ca_file: AbsolutePath | None = Field(
        None, description="the path of a PEM file with the certificates that sign the server's"
    )
    smtp_sender: Annotated[str, AfterValidator(_sender)] | None = Field(
        None, description="an e-mail address, such as Tidings <tidings@example.com>"
    )
    public_url: Annotated[str, AfterValidator(_url)] | None = Field(
        None, description="the URL at which people reach this service, such as https://tidings.example.com"
    )

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        if self.smtp_host and not self.smtp_sender:
            yield "TIDINGS_SMTP_SENDER is not set: with TIDINGS_SMTP_HOST it must be the address that mails come from"
        if self.smtp_host and not self.public_url:
            yield (
                "TIDINGS_PUBLIC_URL is not set: with TIDINGS_SMTP_HOST it must be the URL at which people reach "
                "this service, for the links in mails"
            )
        if self.smtp_password and not self.smtp_username:
            yield "TIDINGS_SMTP_PASSWORD is set and TIDINGS_SMTP_USERNAME is not: set both or none of them"

    @property
    def is_public_over_tls(self) -> bool:
        """Whether people reach the service over TLS, whoever ends it."""
        return (self.public_url or "").lower().startswith("https://")

    def mail_settings(self, own_url: str) -> MailSettings:
        """Return what the account service is told; `own_url` is where it listens."""
        smtp = None
        if self.smtp_host and self.smtp_sender:
            smtp = SmtpSettings(
                host=self.smtp_host,
                port=self.smtp_port or PORTS[self.smtp_security],
                sender=self.smtp_sender,
                username=self.smtp_username or "",
                password=self.smtp_password or "",
                security=self.smtp_security,
                ca_file=self.smtp_ca_file,
            )
        return MailSettings(smtp, self.public_url or own_url)
