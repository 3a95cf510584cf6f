"""The port for native gRPC alone, on which an application listens by itself: claimed for all its generations."""

import logging
from contextlib import ExitStack
from ipaddress import ip_address

from cli.refusals import AddressUnavailable
from cli.supervisor.address import claim, join
from cli.supervisor.generation import tier_at
from cli.urls import in_url

log = logging.getLogger("tidings.edge")


async def claim_grpc_port(host: str, port: int, setting: str, stack: ExitStack, *, shared: bool, tls: bool) -> int:
    """Claim the port until the stack ends; return which one it is, for 0 takes a free one.

    Args:
        host: The service's address.
        port: Of it.
        setting: What chooses the port.
        stack: Gives it back.
        shared: Routers may have it together.
        tls: The service's other port speaks TLS, which this one does not.

    Raises:
        AddressUnavailable: Somebody else has it, or serves something else there.
    """
    found, held = join(host, port, setting) if shared else claim(host, port, setting)
    stack.enter_context(held)
    if shared and await _serves_http(host, found):
        raise AddressUnavailable(
            f"port {found} on {host} is in use by a service of HTTP: stop it, or choose another with {setting}"
        )
    if tls and not _is_loopback(host):
        log.warning("port %d on %s speaks no TLS: whoever is on the way to it reads tokens (%s)", found, host, setting)
    return found


def line_of(host: str, port: int) -> str:
    """Return what a command prints of it."""
    return f"grpc {in_url(host)}:{port}"


async def _serves_http(host: str, port: int) -> bool:
    answers = [await tier_at(host, port, tls=tls) for tls in (False, True)]
    return answers != [None, None]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
