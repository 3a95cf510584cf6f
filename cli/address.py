"""The address that all generations listen on, claimed once by the supervisor.

Envoys share it by SO_REUSEPORT, which would also let a second service of this user onto it without a word; so the
supervisor first binds without that option, and then keeps a bound socket that never listens.
"""

import errno
import os
import socket
from typing import NamedTuple

from cli.refusals import AddressUnavailable


class Claim(NamedTuple):
    """A port that is ours as long as `socket` is open."""

    port: int
    socket: socket.socket


def claim(host: str, port: int) -> Claim:
    """Claim the address; port 0 takes a free one.

    Raises:
        AddressUnavailable: Somebody listens there, or the host is not one of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
            alone.listen(1)
            found = int(alone.getsockname()[1])
        shared = socket.socket(family, kind)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind((address[0], found, *address[2:]))
    except OSError as error:
        raise AddressUnavailable(_sentence(host, port, error)) from error
    return Claim(found, shared)


def _sentence(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use by another process: stop it, or choose another with --port"
        case errno.EACCES:
            return f"port {port} needs rights that this user does not have: choose one above 1023 with --port"
        case _:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            return f"cannot listen on {host} port {port}: {reason}"
