"""What a command tells the application that Envoy loads: one JSON file, named by an environment variable.

Envoy loads the application by its import name, so constructor arguments have no way in but a file. Secrets are not
in it: what a tier is told by variables of its own reaches the application by those.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from cli import turns
from cli.edge.settings import ADMIN_SOCKET, GRPC_SOCKET, EdgeSettings

VARIABLE = "TIDINGS_APPLICATION_SETTINGS"


class GrpcSettings(BaseModel):
    """What an application is told that reads native gRPC connections itself: what holds for its edge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int | None
    """Where it listens itself, past Envoy; None where all clients come by way of that."""
    stalled_seconds: float
    ping_seconds: float
    ping_answer_seconds: float
    trusted_proxies: int
    access_log: Path
    access_log_all: bool

    @classmethod
    def of(cls, edge: EdgeSettings) -> Self | None:
        """Return what holds behind this edge, or nothing if Envoy reads those connections."""
        if not edge.grpc_by_python:
            return None
        times = edge.times
        return cls(
            host=edge.host,
            port=edge.grpc_port,
            stalled_seconds=times.stream_idle,
            ping_seconds=times.keepalive_interval,
            ping_answer_seconds=times.keepalive_timeout,
            trusted_proxies=edge.trusted_proxies,
            access_log=edge.access_log,
            access_log_all=edge.access_log_all,
        )


class HostedSettings(BaseModel):
    """What every hosted application is told, the same for both sides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int
    control_socket: Path
    """Where the application listens for the supervisor (`cli.control_socket`)."""
    generation: int
    """1 for the first Envoy of this supervisor; grows with each restart."""
    grpc: GrpcSettings | None = None
    """How it reads native gRPC connections itself, if it does."""

    @property
    def turns(self) -> Path:
        """Where the application counts the turns of its event loop (`cli.turns`)."""
        return self.control_socket.with_name(turns.FILE)

    @property
    def admin_socket(self) -> Path:
        """Where the Envoy around the application is administered."""
        return self.control_socket.with_name(ADMIN_SOCKET)

    @property
    def grpc_socket(self) -> Path | None:
        """Where the Envoy around the application passes native gRPC connections to, if it does."""
        return None if self.grpc is None else self.control_socket.with_name(GRPC_SOCKET)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the file that the environment names.

        Raises:
            KeyError: The variable is not set, so nobody ran this application through the command.
        """
        return cls.model_validate_json(Path(environment[VARIABLE]).read_text())

    def write(self, path: Path) -> dict[str, str]:
        """Write the file and return the variable that names it."""
        path.write_text(self.model_dump_json())
        return {VARIABLE: str(path)}


class EmbeddedSettings(HostedSettings):
    """The settings of the embedded form."""

    data_dir: Path
    """Absolute. Holds what must outlive the process; two generations share it during a rolling restart."""
    endpoint: str
    """The host name that minted tokens carry, to which SDKs put `cache.`, `control.` and `token.`."""
    tls: bool
    local: bool
    nodes: int
