"""Ports for servers of tests that must know theirs before they start."""

import contextlib
import functools
import itertools
import socket
from collections.abc import Iterator

FIRST, BEYOND = 10_000, 20_000
"""Below the range (from 32,768 on Linux) of which the system takes a port for each connection that is made.

A port of that range, free when it was looked at, may belong to anybody's connection when the server comes to bind it.
The buses of Redis clusters, 10,000 above their ports, lie between the two.
"""

BLOCK = 300
"""Ports that belong to one process of tests: more than the largest fleet asks for before it has bound them."""


def free_port() -> int:
    """Return a port that nobody listens on, and that no other process of tests is given.

    It comes again only after all others of this process' block: a fleet asks for ports before its members bind them.
    Of 25 ports drawn at random, two would be the same in one fleet of forty.
    """
    return next(port for port in _block() if _free(port))


@functools.cache
def _block() -> Iterator[int]:
    """Take a block of ports for the life of this process, by listening on its first: others of its ports go round."""
    for first in range(FIRST, BEYOND, BLOCK):
        with contextlib.suppress(OSError):
            return _taken(socket.create_server(("127.0.0.1", first)), range(first + 1, first + BLOCK))
    msg = f"every block of ports from {FIRST} to {BEYOND} has a run of tests: end one of them"
    raise RuntimeError(msg)


def _taken(held: socket.socket, ports: range) -> Iterator[int]:
    """Yield the ports again and again, and keep open the socket that holds them."""
    with held:
        yield from itertools.cycle(ports)


def _free(port: int) -> bool:
    """Return whether a service can have it by whatever option, also by SO_REUSEPORT.

    With SO_REUSEADDR, as `create_server` has it, a port would do that has had connections a moment ago.
    """
    with contextlib.suppress(OSError), socket.socket() as alone:
        alone.bind(("127.0.0.1", port))
        return True
    return False
