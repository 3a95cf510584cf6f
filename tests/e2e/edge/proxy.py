"""A TCP proxy between a client and the service that can, at a word, drop every byte without closing anything.

That is what a dead link looks like from both ends: no FIN, no RST, silence.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes both ways until `cut`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._cut = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._sockets: list[socket.socket] = [self._server]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        for each in self._sockets:
            each.close()

    def cut(self) -> None:
        """From now on, swallow what either side sends."""
        self._cut.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                service = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, service]
                for source, sink in ((client, service), (service, client)):
                    thread = threading.Thread(target=self._pass, args=(source, sink))
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self._cut.is_set():
                    sink.sendall(data)
