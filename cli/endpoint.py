"""What commands of clients take as an endpoint: a URL where one listener serves everything, or a bare host name.

SDKs put `cache.`, `control.` and `token.` before such a name, and take port 443.
"""

import re
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import click

HOST_NAME = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"


def address_of(endpoint: str, service: str = "cache") -> tuple[str, bool]:
    """Return host and port of a service at an endpoint, and whether TLS is spoken there.

    Raises:
        click.UsageError: it is no endpoint.
    """
    if _is_host_name(endpoint.strip(".")):
        return f"{service}.{endpoint.strip('.')}:443", True
    url = urlsplit(endpoint)
    try:
        port = url.port
    except ValueError:
        port = 0
    if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
        raise click.UsageError(
            f"'{endpoint}' is not a URL such as http://127.0.0.1:8080, and no host name such as topics.example.com:"
            " --endpoint, or TIDINGS_ENDPOINT, must be one of them"
        )
    secure = url.scheme == "https"
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{host}:{port or (443 if secure else 80)}", secure


def _is_host_name(text: str) -> bool:
    """Return whether SDKs can put a name before it, which they cannot where it is an address."""
    with suppress(ValueError):
        ip_address(text)
        return False
    return re.fullmatch(HOST_NAME, text) is not None
