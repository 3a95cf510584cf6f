"""The variables of each tier: what they are called, what they accept, and what holds where they are not set."""

import re
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import click
from pydantic import AfterValidator, BeforeValidator, Field
from typing_extensions import override

from backplane.redis_location import location
from cli.endpoint import HOST_NAME
from cli.logs.variables import LogVariables, lower
from cli.variables import database_url as urls
from cli.variables.base import AbsolutePath, unknown
from cli.variables.billing import BillingVariables
from cli.variables.link import LinkVariables
from cli.variables.mail import MailVariables
from cli.variables.master_key import MasterKeyVariables
from cli.variables.retention import RetentionVariables
from cli.variables.signing import SigningVariables
from cli.variables.usage_key import UsageKeyVariables

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
ORIGIN = r"^(https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?)?$"
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on

_SQLITE = "sqlite+aiosqlite:///"


def _redis_url(url: str) -> str:
    location(url)
    return url


def _certificates(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ValueError(error.strerror) from error
    return path


def _address(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) < 65536:
        raise ValueError
    return address


Port = Annotated[int, Field(ge=0, le=65535, description="a port from 0 to 65535, where 0 takes a free one")]
Seconds = Annotated[float, Field(ge=0, le=3600, description="a number of seconds from 0 to 3600")]
Identifier = Annotated[
    str, Field(pattern=IDENTIFIER, description="1 to 63 letters, digits, dots, dashes and underscores")
]
PemFile = Annotated[AbsolutePath, Field(description="the path of a PEM file")]
Address = Annotated[str, Field(min_length=1, description="an address of this machine or a name of one")]
Count = Annotated[int, Field(ge=1, le=2**53, description="a whole number from 1")]


class TierVariables(LogVariables):
    """What every tier is told: where Redis is, and what to log."""

    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field(
        repr=False,
        description="redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/SERVICE "
        "or redis+cluster://HOST:PORT,HOST:PORT",
    )
    redis_ca_file: Annotated[AbsolutePath, AfterValidator(_certificates)] | None = Field(
        None, description="the path of a PEM file with the certificates that sign the one of Redis"
    )
    redis_prefix: Identifier = "tidings"


class HostedVariables(TierVariables):
    """What a tier behind Envoy is told besides."""

    host: Address = "127.0.0.1"
    data: AbsolutePath = Field(description="the path of a folder that this process may write and no other uses")
    tls_cert: PemFile | None = None
    tls_key: PemFile | None = None
    concurrency: int = Field(2, ge=1, le=1024, description="a whole number from 1 to 1024")
    edge_nice: int = Field(0, ge=0, le=19, description="a whole number from 0 to 19")
    edge_buffer_kib: int = Field(32, ge=16, le=4096, description="a whole number from 16 to 4096")
    trusted_proxies: int = Field(0, ge=0, le=100, description="a whole number from 0 to 100")
    access_log: Annotated[Literal["notable", "all"], BeforeValidator(lower)] = Field(
        "notable", description="notable or all"
    )
    drain_seconds: Seconds = 10.0
    metrics_port: Port | None = Field(None, description="a port from 0 to 65535, where 0 takes a free one")
    metrics_host: Address = "127.0.0.1"


class RouterVariables(HostedVariables, LinkVariables, UsageKeyVariables):
    """The variables of `tidings router`."""

    port: Port = 8080
    router_id: Identifier = Field(default_factory=socket.gethostname)
    grpc_by: Annotated[Literal["edge", "python"], BeforeValidator(lower)] = Field(
        "python", description="edge or python"
    )
    grpc_port: Port | None = Field(
        None, description="a port from 0 to 65535, where 0 takes a free one; not with TIDINGS_GRPC_BY=edge"
    )
    heartbeat_seconds: float = Field(5.0, ge=0.1, le=30, description="a number of seconds from 0.1 to 30")

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        if self.grpc_port is not None and self.grpc_by == "edge":
            yield "TIDINGS_GRPC_PORT goes with TIDINGS_GRPC_BY=python: Envoy has no such port"
        if self.grpc_port and self.grpc_port == self.port:
            yield "TIDINGS_GRPC_PORT must not be TIDINGS_PORT, which serves gRPC as well"


class AccountsVariables(
    HostedVariables,
    MasterKeyVariables,
    LinkVariables,
    UsageKeyVariables,
    MailVariables,
    RetentionVariables,
    BillingVariables,
    SigningVariables,
):
    """The variables of `tidings accounts`."""

    port: Port = 8081
    keys: AbsolutePath | None = Field(None, description="the path of a folder that only this user may read")
    endpoint: str = Field(pattern=HOST_NAME, description="a host name, without a scheme and a port")
    database_url: Annotated[str, AfterValidator(urls.accepted)] = Field(
        repr=False,
        description=urls.ACCEPTED,
    )
    history_items: Count = 10_000
    history_topic_bytes: Count = 16 * 1024 * 1024
    history_seconds: Count = 600
    database_pool_size: int = Field(5, ge=1, le=1000, description="a whole number from 1 to 1000")
    database_max_overflow: int = Field(10, ge=0, le=1000, description="a whole number from 0 to 1000")
    database_pool_timeout_seconds: Seconds = 5.0
    database_pool_recycle_seconds: Seconds = 1800.0
    topics_url: str = Field(
        "",
        pattern=ORIGIN,
        description="http://HOST:PORT or https://HOST:PORT where browsers reach routers; "
        "not set where that is the console's own address",
    )


class StorageVariables(TierVariables, LinkVariables):
    """The variables of `tidings storage`."""

    node_id: Identifier = Field(default_factory=socket.gethostname)
    host: Address = "127.0.0.1"
    port: Port = 7400
    advertise: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="HOST:PORT that routers reach this node by"
    )
    health_port: Port = 7401
    weight: float = Field(1.0, gt=0, le=1000, description="a number over 0 and up to 1000")
    history_items: Count = 10_000
    history_topic_bytes: Count = 16 * 1024 * 1024
    history_seconds: float = Field(600.0, gt=0, le=30 * 86400, description="a number of seconds over 0, up to 30 days")
    history_total_bytes: Count | None = Field(
        None, description="a whole number from 1; not set: 536870912, or half of the memory where that is less"
    )
    drain_seconds: Seconds = 20.0

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        if self.host in ANY_ADDRESS and self.advertise is None:
            yield (
                f"TIDINGS_ADVERTISE is not set: with TIDINGS_HOST {self.host} "
                "it must be HOST:PORT that routers reach this node by"
            )

    def advertised(self, port: int) -> str:
        """Return where routers reach this node, which listens on `port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.advertise or f"{host}:{port}"


TIERS: dict[str, type[TierVariables]] = {
    "router": RouterVariables,
    "storage": StorageVariables,
    "accounts": AccountsVariables,
}


def tell_of_misspelt_variables() -> None:
    """Say on standard error which variables look misspelt; before one is missed that was meant."""
    for sentence in unknown(name for tier in TIERS.values() for name in tier.names()):
        click.echo(f"tidings: {sentence}", err=True)
