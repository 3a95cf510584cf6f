"""The address that all generations listen on, claimed once by the supervisor.

Envoys share it by SO_REUSEPORT, which would also let a second service of this user onto it without a word; so the
supervisor first binds without that option, and then keeps a bound socket that never listens. Routers of a fleet may
share a port on purpose (`join`).
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


class _Address(NamedTuple):
    family: socket.AddressFamily
    host: str
    port: int
    rest: tuple[int, ...]

    def bound(self, option: int, port: int) -> socket.socket:
        """Return a socket that is bound to the address with an option of the socket layer."""
        made = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, option, 1)
            made.bind((self.host, port, *self.rest))
        except OSError:
            made.close()
            raise
        return made


def claim(host: str, port: int, setting: str = "--port") -> Claim:
    """Claim the address for one service alone; port 0 takes a free one. `setting` is what chooses the port.

    Raises:
        AddressUnavailable: Somebody listens there, or the host is not one of this machine.
    """
    try:
        address = _resolved(host, port)
        with address.bound(socket.SO_REUSEADDR, port) as alone:
            alone.listen(1)
            found = int(alone.getsockname()[1])
        return Claim(found, address.bound(socket.SO_REUSEPORT, found))
    except OSError as error:
        raise AddressUnavailable(_sentence(host, port, setting, error)) from error


def join(host: str, port: int, setting: str) -> Claim:
    """Claim the address beside others of this user that share it too; port 0 takes one that nobody has.

    Raises:
        AddressUnavailable: Somebody has it alone, or the host is not one of this machine.
    """
    if port == 0:
        return claim(host, port, setting)
    try:
        return Claim(port, _resolved(host, port).bound(socket.SO_REUSEPORT, port))
    except OSError as error:
        raise AddressUnavailable(_sentence(host, port, setting, error)) from error


def _resolved(host: str, port: int) -> _Address:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return _Address(family, str(address[0]), port, tuple(int(part) for part in address[2:]))


def _sentence(host: str, port: int, setting: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use by another process: stop it, or choose another with {setting}"
        case errno.EACCES:
            return f"port {port} needs rights that this user does not have: choose one above 1023 with {setting}"
        case _:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            return f"cannot listen on {host} port {port}: {reason}"
