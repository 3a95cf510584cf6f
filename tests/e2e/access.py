"""A service as an SDK reaches it: in plaintext at a port, or over TLS at names in front of an endpoint."""

import json
import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.e2e.certificates import issue
from tests.e2e.names_proxy import NamesProxy
from tests.e2e.service import ROOT, Service
from tests.e2e.tenant import Tenant

Result: TypeAlias = Any
"""What a program reports, from JSON."""

ENDPOINT = "tidings.test"
NAMES = [f"{service}.{ENDPOINT}" for service in ("control", "cache", "token", "web.control", "web.cache", "web.token")]


@dataclass
class Access:
    """How a program that uses an SDK is told of the service."""

    tenant: Tenant
    settings: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict[str, str])
    proxy: NamesProxy | None = None

    def run(self, program: Sequence[str], scenario: str, *, seconds: float = 60, **arguments: Any) -> Result:
        """Run a scenario of an SDK's program in a process of its own, and return what it reports."""
        told = {**self.settings, "key": self.tenant.key, "scenario": scenario, **arguments}
        done = subprocess.run(
            [*program, json.dumps(told)],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-5_000:]}"
        return json.loads(done.stdout.splitlines()[-1])


def plaintext(tenant: Tenant) -> Access:
    """Reach the service at its port."""
    return Access(tenant, {"host": "127.0.0.1", "port": tenant.service.port, "endpoint": None})


@contextmanager
def over_tls(folder: Path) -> Generator[Access]:
    """Start a service with a certificate, and reach it by names."""
    files = issue(folder, *NAMES)
    with (
        Service("--endpoint", ENDPOINT, tls=files.server) as service,
        NamesProxy(service.port) as proxy,
        Tenant(service, authority=files.authority) as tenant,
    ):
        environment = {
            "https_proxy": proxy.url,
            "no_proxy": "",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(files.authority),
            "NODE_EXTRA_CA_CERTS": str(files.authority),
        }
        yield Access(tenant, {"endpoint": ENDPOINT}, environment, proxy)
