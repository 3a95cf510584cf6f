"""How routers and storage nodes know each other: by certificates of an authority of their own, or not at all.

Addresses come from the registry and may be of any form, so it is not an address that a certificate must be for: it has
the name `NAME`, and whoever can show one from the authority belongs to the fleet. TLS is mutual: a node takes no
connection without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import grpc

NAME = "tidings-link"


@dataclass(frozen=True, slots=True)
class LinkSecurity:
    """What a process shows and what it trusts, as PEM."""

    authority: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def read(cls, authority: Path, chain: Path, key: Path) -> Self:
        """Read the files.

        Raises:
            OSError: one of them cannot be read.
        """
        return cls(authority.read_bytes(), chain.read_bytes(), key.read_bytes())


def channel(address: str, options: Sequence[tuple[str, str | int]], security: LinkSecurity | None) -> grpc.aio.Channel:
    """Return a channel to a storage node at `address`, `host:port`."""
    if security is None:
        return grpc.aio.insecure_channel(address, options=list(options))
    credentials = grpc.ssl_channel_credentials(security.authority, security.key, security.chain)
    return grpc.aio.secure_channel(address, credentials, options=[*options, ("grpc.ssl_target_name_override", NAME)])


def listen(server: grpc.aio.Server, address: str, security: LinkSecurity | None) -> int:
    """Have a storage node's server listen at `address`; return the port.

    Raises:
        RuntimeError: it cannot be listened on.
    """
    if security is None:
        return server.add_insecure_port(address)
    pair = [(security.key, security.chain)]
    credentials = grpc.ssl_server_credentials(pair, security.authority, require_client_auth=True)
    return server.add_secure_port(address, credentials)
