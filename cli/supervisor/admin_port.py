"""The test-admin port of `tidings up --local`: it freezes and frees the data port, as a cut network would.

Freezing stops Envoy's process, so that no byte flows and no connection is reset or refused; the kernel still takes
connections and bytes in. SDK test suites ask for exactly that (`GET /block`, `GET /unblock`).
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from typing_extensions import override

from cli.refusals import AddressUnavailable
from cli.supervisor.watchdog import is_stopped

STOP_SECONDS = 2.0


class AdminPort:
    """Serves in a thread of its own until `close`."""

    def __init__(self, host: str, port: int, pids: Callable[[], Iterable[int]]) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(pids))
        except OSError as error:
            msg = f"the admin port {port} on {host} cannot be used: {error.strerror}; choose another with --admin-port"
            raise AddressUnavailable(msg) from error
        self._thread = Thread(target=self._server.serve_forever, name="admin-port", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def block(pids: Iterable[int]) -> None:
    """Stop the processes, and return when the kernel has done it."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + STOP_SECONDS
        while not is_stopped(pid) and time.monotonic() < deadline:
            time.sleep(0.001)


def unblock(pids: Iterable[int]) -> None:
    """Let the processes go on."""
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _handler(pids: Callable[[], Iterable[int]]) -> type[BaseHTTPRequestHandler]:
    actions = {"/block": block, "/unblock": unblock}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            action = actions.get(self.path)
            if action is None:
                self._answer(HTTPStatus.NOT_FOUND)
                return
            try:
                action(pids())
            except ProcessLookupError:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            self._answer(HTTPStatus.OK)

        def _answer(self, status: HTTPStatus) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a test suite's calls are no news."""

    return Handler
