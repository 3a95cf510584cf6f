"""One process of a fleet: `tidings router`, `storage` or `accounts`, with a folder and ports that stay its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from backplane.interface import Tier
from tests import guarded
from tests.e2e.service import ROOT, until
from tests.patience import patient
from tests.ports import free_port

READY = re.compile(r"^ready \S+$", re.MULTILINE)
READY_SECONDS = 60.0
END_SECONDS = 60.0
GRPC_BY = "TIDINGS_GRPC_BY"


class Member:
    """A process that can be killed, frozen and started again; the supervisor's, with its Envoy, where there is one.

    `port` is the one of its service, `grpc_port` the one for gRPC alone where it has one, `health_port` the one of
    `/readyz`: the same, but for a storage node. `prefix` is a command that becomes it, and `software` the folder of the
    version that it is started from.
    """

    def __init__(self, tier: Tier, name: str, folder: Path, variables: Mapping[str, str], port: int = 0) -> None:
        self.tier = tier
        self.name = name
        self.folder = folder
        self.port = port or free_port()
        self.health_port = free_port() if tier == "storage" else self.port
        self._metrics_port = free_port()
        self.grpc_port = free_port() if "TIDINGS_GRPC_PORT" in variables else self.port
        folder.mkdir(parents=True, exist_ok=True)
        self.variables = {
            **{name: str(self.grpc_port) if name == "TIDINGS_GRPC_PORT" else text for name, text in variables.items()},
            "TIDINGS_PORT": str(self.port),
            "TIDINGS_HEALTH_PORT": str(self.health_port),
            "TIDINGS_METRICS_PORT": str(self._metrics_port),
            "TIDINGS_DATA": str(folder / "data"),
            "TIDINGS_ROUTER_ID": name,
            "TIDINGS_NODE_ID": name,
            "TMPDIR": str(folder),  # of one that is killed nothing is left behind
        }
        self._out = folder / "out"
        self._err = folder / "err"
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0
        self.prefix: Sequence[str] = ()
        self.software = ROOT

    def __repr__(self) -> str:
        return f"<Member {self.name}, {'pid ' + str(self.pid) if self.is_running else 'not running'}>"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def metrics_url(self) -> str:
        port = self.health_port if self.tier == "storage" else self._metrics_port
        return f"http://127.0.0.1:{port}/metrics"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    @property
    def pids(self) -> list[int]:
        """The process and its children, an Envoy or two."""
        return [self.pid, *(child.pid for child in self._children())]

    @property
    def envoy_pids(self) -> list[int]:
        return [child.pid for child in self._children()]

    @property
    def output(self) -> str:
        return self._out.read_text() if self._out.exists() else ""

    @property
    def errors(self) -> str:
        return self._err.read_text(errors="replace") if self._err.exists() else ""

    @property
    def is_ready(self) -> bool:
        """Whether it has printed its ready line since it was started last."""
        return len(READY.findall(self.output)) > self._seen

    def readiness(self, seconds: float = 1.0) -> int:
        """Return the status of `/readyz`, or 0 where nobody answers in time."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.health_port}/readyz", timeout=seconds).status_code
        except httpx.TransportError:
            return 0

    def start(self) -> None:
        """Start it, and do not wait."""
        assert not self.is_running, f"{self.name} runs"
        self._seen = len(READY.findall(self.output))
        with self._out.open("ab") as out, self._err.open("ab") as err:
            command = [*self.prefix, sys.executable, "-m", "cli.main", self.tier]
            places = [path for path in (self.variables.get("PYTHONPATH"), str(self.software)) if path]
            variables = {**_without_variables(), **self.variables, "PYTHONPATH": os.pathsep.join(places)}
            self._process = guarded.popen(command, folder=self.software, env=variables, stdout=out, stderr=err)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait for the ready line."""
        until(lambda: self.is_ready or not self.is_running, seconds=seconds, what=f"readiness of {self.name}")
        assert self.is_ready, f"{self.name} ended with {self.process.returncode}:\n{self.errors[-10_000:]}"

    def kill(self) -> None:
        """Kill it and its Envoy, as a crash of the machine would."""
        self._signal_all(signal.SIGKILL)
        self._wait_for_the_end()

    def stop(self, seconds: float = END_SECONDS) -> int:
        """Have it drain and end, and return its exit code."""
        self.terminate()
        return self.process.wait(patient(seconds))

    def terminate(self) -> None:
        """Ask it to drain and end, and do not wait."""
        self.tell(signal.SIGTERM)

    def tell(self, number: signal.Signals) -> None:
        """Signal the process, not its Envoy."""
        self.process.send_signal(number)

    def pause(self) -> None:
        """Freeze all of it: connections stay, nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    @contextmanager
    def paused(self) -> Generator[None]:
        """Freeze it for as long as the block takes."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def restart(self) -> None:
        """Start it again on its ports and folder, after killing it if it runs, and wait until it is ready."""
        if self.is_running:
            self.kill()
        self.start()
        self.wait_ready()

    def close(self) -> None:
        """See that nothing of it is left."""
        if self._process is not None:
            self.kill()

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal the supervisor before its Envoy, which it would start again."""
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _wait_for_the_end(self) -> None:
        self.process.wait(patient(END_SECONDS))
        group = self.process.pid
        until(lambda: not _living(group), what=f"the end of the children of {self.name}")

    def _children(self) -> list[psutil.Process]:
        """Return the Envoys that live, oldest first."""
        if not self.is_running:
            return []
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid).children(recursive=True)
            return sorted(found, key=lambda child: child.pid)
        return []


def _without_variables() -> dict[str, str]:
    """Return the environment without what a fleet is told by its own; who reads gRPC is for the whole run of tests."""
    return {name: value for name, value in os.environ.items() if name == GRPC_BY or not name.startswith("TIDINGS_")}


def _living(session: int) -> bool:
    """Whether a process of a session is left that is no zombie."""
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == session and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False


def run(tier: Tier, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", tier],
        cwd=ROOT,
        env={**_without_variables(), **variables},
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
    )
