"""A CONNECT proxy for names that exist nowhere: whatever host a client asks for, it reaches the service.

So SDKs use `cache.`, `control.` and `token.` before an endpoint's name, on port 443, without root and without DNS. It
can cut the network: from then on bytes vanish and new connections get no answer, until it is mended.
"""

import socket
import threading
from contextlib import suppress
from typing import Self


class NamesProxy:
    """Takes CONNECT and remembers the names; plain connections are forwarded as they are when `plain`."""

    def __init__(self, target: int, *, plain: bool = False) -> None:
        self.names: set[str] = set()
        self._target = target
        self._plain = plain
        self._is_cut = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._server.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._sockets: set[socket.socket] = {self._server}

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._close(*self._sockets)

    def cut(self) -> None:
        """Swallow all bytes from now on; every connection stays open."""
        self._is_cut.set()

    def mend(self) -> None:
        """Work again for new connections; those of before the cut are gone."""
        self._close(*(self._sockets - {self._server}))
        self._is_cut.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._sockets.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._is_cut.is_set():
            return
        with suppress(OSError):
            if not self._plain:
                self.names.add(_connect_request(client))
            service = socket.create_connection(("127.0.0.1", self._target))
            self._sockets.add(service)
            if not self._plain:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=self._pass, args=(service, client), daemon=True).start()
            self._pass(client, service)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self._is_cut.is_set():
                    sink.sendall(data)
        if not self._is_cut.is_set():
            self._close(source, sink)

    def _close(self, *sockets: socket.socket) -> None:
        for each in sockets:
            self._sockets.discard(each)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _connect_request(client: socket.socket) -> str:
    """Read a CONNECT request and return the host that it names."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    return head.split()[1].decode().rpartition(":")[0]
