"""Ports for servers of tests that must know theirs before they start."""

import contextlib
import secrets
import socket

FIRST, BEYOND = 10_000, 22_000
"""Below the range (from 32,768 on Linux) of which the system takes a port for each connection that is made.

A port of that range, free when it was looked at, may belong to anybody's connection when the server comes to bind it.
The bus of a Redis cluster, 10,000 above its port, is below it too.
"""


def free_port() -> int:
    """Return a port that nobody listens on, and which others that ask at the same time hardly get."""
    while True:
        port = FIRST + secrets.randbelow(BEYOND - FIRST)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
