"""How mails go out, as a command is told; a transport that does it comes later, with the account service."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A server that takes mails.

    Attributes:
        sender: The address that mails come from, such as `Tidings <tidings@example.com>`.
        security: `starttls` and `tls` check the server's certificate.
        ca_file: PEM file with the certificates that sign the server's, where the machine does not know them.
    """

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    security: Security = "starttls"
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mails go out.

    Attributes:
        smtp: Without one, mails are written to a folder in the data folder.
        public_url: Where people reach the console; links in mails lead there.
    """

    smtp: SmtpSettings | None = None
    public_url: str = ""
