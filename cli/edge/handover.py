"""Sends new connections to the newest of the processes that listen on our port, before the older one stops to listen.

A listening socket that is closed resets the connections in its queue. The kernel spreads connections over all sockets
of a port (SO_REUSEPORT), so without this restarts under load lose connections: 7 in 20 restarts with 27,000 calls over
fresh connections, and with it none.
This runs in the Python inside the older Envoy, because only a socket of the group may set the group's rule.
"""

import ctypes
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SO_ATTACH_REUSEPORT_CBPF = 51

_LOAD_RANDOM = (0x20, 0xFFFFF000 + 56)  # BPF_LD | BPF_W | BPF_ABS of SKF_AD_OFF + SKF_AD_RANDOM
_MODULO = 0x94  # BPF_ALU | BPF_MOD | BPF_K
_ADD = 0x04  # BPF_ALU | BPF_ADD | BPF_K
_RETURN = 0x16  # BPF_RET | BPF_A


def yield_port() -> int:
    """Send new connections on the port of this process to a newer one, and return how many sockets we listen with.

    The kernel numbers the sockets of a port in the order in which they began to listen, and each generation has as
    many as the one before; so ours are the first n, and the rule picks one of the n after them. When ours are closed,
    those numbers are void, and the kernel goes back to spreading.

    Raises:
        OSError: The kernel takes no such rule.
    """
    ours = list(_listening())
    try:
        if ours:
            _attach(ours[0], len(ours))
        return len(ours)
    finally:
        for listener in ours:
            listener.close()


def _attach(listener: socket.socket, count: int) -> None:
    steps = (_LOAD_RANDOM, (_MODULO, count), (_ADD, count), (_RETURN, 0))
    code = b"".join(struct.pack("=HBBI", operation, 0, 0, value) for operation, value in steps)
    program = ctypes.create_string_buffer(code, len(code))
    listener.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, struct.pack("@HP", len(steps), ctypes.addressof(program))
    )


def _listening() -> Iterator[socket.socket]:
    """Yield this process's listening TCP sockets that share their port, as duplicates; Envoy holds some twice."""
    seen: set[int] = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            descriptor = int(entry.name)
            found = os.fstat(descriptor)
            if not stat.S_ISSOCK(found.st_mode) or found.st_ino in seen:
                continue
            seen.add(found.st_ino)
            duplicate = socket.socket(fileno=os.dup(descriptor))
            if _shares_a_port(duplicate):
                yield duplicate
            else:
                duplicate.close()


def _shares_a_port(candidate: socket.socket) -> bool:
    return (
        candidate.family in (socket.AF_INET, socket.AF_INET6)
        and candidate.type == socket.SOCK_STREAM
        and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 1
    )
