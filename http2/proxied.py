"""The header that a proxy puts before a connection's bytes: who the client is (PROXY protocol, version 2)."""

import ipaddress
import struct
from typing import Final, NamedTuple

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED: Final = struct.Struct(">12sBBH")
_LONGEST_BYTES: Final = 512
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21


class NoProxy(Exception):
    """The connection does not begin with such a header."""


class Origin(NamedTuple):
    """Where a connection comes from.

    Attributes:
        client: Its address and port; None where the proxy speaks for itself.
        header_bytes: How long the header was.
    """

    client: tuple[str, int] | None
    header_bytes: int


def origin(data: bytes) -> Origin | None:
    """Return what the header at the beginning of `data` says, or None where it has not come whole.

    Raises:
        NoProxy: there is none.
    """
    if not _SIGNATURE.startswith(data[: len(_SIGNATURE)]):
        raise NoProxy
    if len(data) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(data)
    if command not in (_LOCAL, _PROXY) or length > _LONGEST_BYTES:
        raise NoProxy
    whole = _FIXED.size + length
    if len(data) < whole:
        return None
    return Origin(_client(command, family, data[_FIXED.size : whole]), whole)


def _client(command: int, family: int, addresses: bytes) -> tuple[str, int] | None:
    if command == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(family)
    if size is None or len(addresses) < 2 * size + 4:
        raise NoProxy
    port = int.from_bytes(addresses[2 * size : 2 * size + 2], "big")
    return str(ipaddress.ip_address(addresses[:size])), port
