"""Runs the real `tidings up` for tests: a process on a free port with a folder of its own, gone at the end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests import guarded
from tests.patience import patient

ROOT = Path(__file__).parents[2]
READY = re.compile(r"^ready (https?)://(.+):(\d+)$", re.MULTILINE)
ADMIN = re.compile(r"^admin (http://\S+)$", re.MULTILINE)


def until(condition: Callable[[], bool], *, seconds: float = 10.0, what: str = "the condition") -> None:
    """Wait for `condition`, and fail when it does not come true although the wait was patient."""
    within(condition, patient(seconds), what)


def within(condition: Callable[[], bool], seconds: float, what: str = "the condition") -> None:
    """Hold the product to its promise that `condition` comes true in so many seconds, on whatever machine."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            msg = f"{what} did not come true within {seconds:g} s"
            raise AssertionError(msg)
        time.sleep(0.01)


class Service:
    """`tidings up`; a context manager, ready inside and gone outside.

    `extra` are further arguments and `env` further variables. `ready=False` returns before it serves, for tests of a
    start that is refused. The folder of a given `data` stays, any other is removed.

    Attributes:
        under: A command, with the path of its program, that becomes the service when it has prepared something.
    """

    def __init__(
        self,
        *extra: str,
        local: bool = False,
        nodes: int = 2,
        tls: tuple[Path, Path] | None = None,
        env: Mapping[str, str] | None = None,
        data: Path | None = None,
        port: int = 0,
        ready: bool = True,
        ready_seconds: float = 60.0,
    ) -> None:
        self.under: Sequence[str] = ()
        self._folder = Path(tempfile.mkdtemp(prefix="tidings-"))
        self.data = data or self._folder / "data"
        self._arguments = _arguments(extra, local=local, nodes=nodes, tls=tls, data=self.data, port=port)
        self._environment = {**os.environ, **(env or {})}
        self._wait = ready
        self._ready_seconds = ready_seconds
        self._out = self._folder / "out"
        self._err = self._folder / "err"
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<Service pid {self.pid}, output {self.output!r}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(f"--- standard error of {self!r}\n{self.errors[-20_000:]}\n")
        self.close()

    def start(self) -> Self:
        """Start it and, unless told otherwise, wait until it serves."""
        with self._out.open("wb") as out, self._err.open("wb") as err:
            command = [*self.under, sys.executable, "-m", "cli.main", "up", *self._arguments]
            self._process = guarded.popen(command, folder=ROOT, env=self._environment, stdout=out, stderr=err)
        if self._wait:
            try:
                self.wait_ready()
            except BaseException:
                self.close()
                raise
        return self

    def wait_ready(self) -> None:
        """Wait for the ready line."""
        deadline = time.monotonic() + patient(self._ready_seconds)
        while not READY.search(self.output):
            if self.process.poll() is not None or time.monotonic() > deadline:
                msg = f"the service did not become ready (exit code {self.process.poll()}):\n{self.errors[-20_000:]}"
                raise AssertionError(msg)
            time.sleep(0.01)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            msg = "the service was not started"
            raise RuntimeError(msg)
        return self._process

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._out.read_text() if self._out.exists() else ""

    @property
    def errors(self) -> str:
        """What it has written to standard error so far."""
        return self._err.read_text(errors="replace") if self._err.exists() else ""

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        return self.process.pid

    @property
    def envoy_pids(self) -> list[int]:
        """The Envoys that live now, oldest first; more than one only during a rolling restart."""
        try:
            children = psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return []
        alive = [child for child in children if _alive(child.pid)]
        return [child.pid for child in sorted(alive, key=lambda child: child.create_time())]

    @property
    def envoy_pid(self) -> int:
        return self.envoy_pids[-1]

    @property
    def port(self) -> int:
        return int(self._ready()[3])

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return self._ready()[0].removeprefix("ready ")

    @property
    def admin_url(self) -> str:
        """The test-admin port of a local service."""
        found = ADMIN.search(self.output)
        assert found, "only a local service has an admin port"
        return found[1]

    def run(self, *arguments: str, seconds: float = 60.0) -> str:
        """Run another `tidings` subcommand and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=patient(seconds),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor."""
        self.process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to drain and end, without waiting."""
        self.signal(signal.SIGTERM)

    def stop(self, seconds: float = 40.0) -> int:
        """Ask it to drain and end, wait, and return its exit code."""
        self.terminate()
        return self.process.wait(timeout=patient(seconds))

    def wait(self, seconds: float = 40.0) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(timeout=patient(seconds))

    def close(self) -> None:
        """End all its processes, in order if possible; nothing is left behind."""
        if self._process is not None:
            envoys = self.envoy_pids
            if self._process.poll() is None:
                self._end()
            for pid in envoys:
                until(lambda pid=pid: not _alive(pid), what=f"the end of Envoy {pid}")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        """SIGQUIT means at once; a supervisor that hangs is killed, and its children die with it."""
        self.signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout=patient(15))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ready(self) -> re.Match[str]:
        found = READY.search(self.output)
        assert found, "the service is not ready"
        return found


def _arguments(
    extra: Sequence[str], *, local: bool, nodes: int, tls: tuple[Path, Path] | None, data: Path, port: int
) -> list[str]:
    arguments = ["--port", str(port), "--data", str(data), "--nodes", str(nodes)]
    if local:
        arguments += ["--local", "--admin-port", "0"]
    if tls:
        arguments += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
    return [*arguments, *extra]


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
