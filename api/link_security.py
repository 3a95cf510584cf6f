"""How routers and storage nodes know each other: by certificates of an authority of their own, or not at all.

Addresses come from the registry and may be of any form, so it is not an address that a certificate must be for: it has
the name `NAME`, and whoever can show one from the authority belongs to the fleet. TLS is mutual: a node takes no
connection without one.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import grpc

from api.frames import MAX_FRAME_BYTES

NAME = "tidings-link"

_OPTIONS: Final[Sequence[tuple[str, str | int]]] = [
    ("grpc.max_receive_message_length", MAX_FRAME_BYTES),
    ("grpc.max_send_message_length", MAX_FRAME_BYTES),
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 1000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.use_local_subchannel_pool", 1),
]


@dataclass(frozen=True, slots=True)
class LinkSecurity:
    """What a process shows and what it trusts, as PEM."""

    authority: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    client: ssl.SSLContext = field(repr=False)
    server: ssl.SSLContext = field(repr=False)

    @classmethod
    def read(cls, authority: Path, chain: Path, key: Path) -> Self:
        """Read the files.

        Raises:
            OSError: one of them cannot be read, or is not what it should be.
        """
        client, server = (ssl.SSLContext(side) for side in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER))
        for context in (client, server):
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority)
            context.load_cert_chain(chain, key)
        server.set_alpn_protocols(["h2"])  # which gRPC insists on
        return cls(authority.read_bytes(), chain.read_bytes(), key.read_bytes(), client, server)


def channel(address: str, security: LinkSecurity | None) -> grpc.aio.Channel:
    """Return a channel of its own connection to a storage node at `address`, `host:port`."""
    if security is None:
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(security.authority, security.key, security.chain)
    return grpc.aio.secure_channel(address, credentials, options=[*_OPTIONS, ("grpc.ssl_target_name_override", NAME)])
