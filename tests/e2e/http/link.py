"""A way to the service that breaks at a word and then works again."""

import socket
from contextlib import suppress

from tests.e2e.edge.proxy import Proxy


class Link(Proxy):
    """A proxy whose connections can be broken; new ones work."""

    def hang_up(self) -> None:
        for each in self._sockets[1:]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
