"""`tidings up`: the whole service on one machine, from one command."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import click
from click.core import ParameterSource

from cli.certificates import certificate
from cli.edge.settings import EdgeSettings, Times
from cli.logs.start import is_json, log_to_standard_error
from cli.logs.variables import LogVariables
from cli.refusals import told_in_a_sentence
from cli.settings import EmbeddedSettings
from cli.supervisor.address import claim
from cli.supervisor.data_folder import DataFolder
from cli.supervisor.generation import Hosting, Patience, pids
from cli.supervisor.grpc_port import claim_grpc_port, line_of
from cli.supervisor.hosting import MetricsAddress, bounds_of_this_machine, host, look_for_the_edge
from cli.supervisor.supervisor import Supervisor
from cli.tracing.variables import TracingVariables
from cli.urls import in_url, own_url
from cli.variables.billing import BillingVariables
from cli.variables.mail import MailVariables
from cli.variables.master_key import MasterKeyVariables
from cli.variables.retention import RetentionVariables
from cli.variables.signing import SigningVariables

PORT = click.IntRange(0, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line of `tidings up`."""

    port: int
    host: str
    endpoint: str | None
    data: Path
    local: bool
    admin_port: int
    metrics_port: int | None
    metrics_host: str
    nodes: int
    tls_cert: Path | None
    tls_key: Path | None
    concurrency: int
    edge_nice: int
    edge_buffer_kib: int
    grpc_by: str
    grpc_port: int | None
    trusted_proxies: int
    access_log: str
    app: str
    start_seconds: float
    drain_seconds: float
    stream_idle_seconds: float
    keepalive_seconds: float


def _hidden(name: str, default: float, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(name, default=default, show_default=True, hidden=True, help=text)


@click.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="Port of the service; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--endpoint", help="Host name given to SDKs with a token. [default: the host]")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder for everything that is kept.",
)
@click.option("--local", is_flag=True, help="For tests: empty tokens, SDK test controls, and an admin port.")
@click.option("--admin-port", type=PORT, default=9090, show_default=True, help="With --local; 0 takes a free one.")
@click.option("--metrics-port", type=PORT, help="Serve /metrics for Prometheus there; 0 takes a free one.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address of that port.")
@click.option("--nodes", type=click.IntRange(min=1), default=2, show_default=True, help="Storage nodes.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="PEM file with the certificate chain.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="PEM file with the private key.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=2, show_default=True, help="Envoy's threads for connections."
)
@click.option(
    "--edge-nice",
    type=click.IntRange(0, 19),
    default=0,
    show_default=True,
    help="How far they always give way to Python's where both want the processor.",
)
@click.option(
    "--edge-buffer-kib",
    type=click.IntRange(16, 4096),
    default=32,
    show_default=True,
    help="KiB of a connection that they read at once, and keep for it.",
)
@click.option(
    "--grpc-by",
    type=click.Choice(["edge", "python"]),
    default="python",
    show_default=True,
    envvar="TIDINGS_GRPC_BY",
    help="Who reads the HTTP/2 of native gRPC clients: Python itself, or Envoy.",
)
@click.option(
    "--grpc-port",
    type=PORT,
    envvar="TIDINGS_GRPC_PORT",
    help="Serve native gRPC there as well, without TLS and without Envoy before it; 0 takes a free one.",
)
@click.option(
    "--trusted-proxies",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Proxies in front whose X-Forwarded-For is believed.",
)
@click.option(
    "--access-log",
    type=click.Choice(["notable", "all"]),
    default="notable",
    show_default=True,
    help="What run/access.log has: all, or all but publishes that succeeded.",
)
@click.option("--app", default="cli.entry:app", hidden=True, help="The ASGI application to serve.")
@_hidden("--start-seconds", Patience().start, "Until the service must be ready.")
@_hidden("--drain-seconds", Patience().drain, "Over which the end of streams is spread.")
@_hidden("--stream-idle-seconds", Times().stream_idle, "Until a stalled stream is cut.")
@_hidden("--keepalive-seconds", Times().keepalive_interval, "Between HTTP/2 pings to clients.")
@click.pass_context
def up(ctx: click.Context, **options: object) -> None:
    """Run everything on this machine.

    Prints one line `ready http://HOST:PORT` when it serves. SIGTERM drains and ends it, SIGQUIT ends it at once,
    SIGHUP restarts it without a failed call.
    """
    if not options["local"] and ctx.get_parameter_source("admin_port") is not ParameterSource.DEFAULT:
        raise click.UsageError("--admin-port goes with --local: there is no such port without it")
    if options["grpc_port"] is not None and options["grpc_by"] == "edge":
        raise click.UsageError("--grpc-port goes with --grpc-by python: Envoy has no such port")
    if options["grpc_port"] and options["grpc_port"] == options["port"]:
        raise click.UsageError("--grpc-port must not be the --port, which serves gRPC as well")
    with told_in_a_sentence(), ExitStack() as stack:
        log_to_standard_error(LogVariables.read(), "warning")
        asyncio.run(_run(Options(**options), stack))  # pyright: ignore[reportArgumentType]  click has checked them


async def _run(options: Options, stack: ExitStack) -> None:
    look_for_the_edge()
    TracingVariables.read()  # what is wrong with it is said here, and not by an application that does not start
    pair = certificate(options.tls_cert, options.tls_key)
    folder = DataFolder.hold(options.data)
    stack.callback(folder.release)
    port, held = claim(options.host, options.port)
    stack.enter_context(held)
    grpc_port = None
    if options.grpc_port is not None:
        grpc_port = await claim_grpc_port(
            options.host, options.grpc_port, "--grpc-port", stack, shared=False, tls=pair is not None
        )
    edge = replace(_edge(options, port, folder), certificate=pair, grpc_port=grpc_port)
    app = _application(options, port, folder)
    patience = Patience(start=options.start_seconds, drain=options.drain_seconds, empty=options.drain_seconds + 10)
    variables = accounts_variables()
    hosting = Hosting(edge=edge, app=app, variables=variables, concurrency=options.concurrency, patience=patience)
    supervisor = Supervisor(hosting)
    lines = [f"ready {own_url(options.host, port, tls=pair is not None)}"]
    if grpc_port is not None:
        lines.append(line_of(options.host, grpc_port))
    if options.local:
        from cli.supervisor.admin_port import AdminPort  # noqa: PLC0415  for tests

        admin = AdminPort(options.host, options.admin_port, lambda: pids(supervisor.generations))
        stack.callback(admin.close)
        lines.append(f"admin http://{in_url(options.host)}:{admin.port}")
    await host(supervisor, edge.access_log, lines, _metrics(options))


def accounts_variables() -> dict[str, str]:
    """Return what the account service in the application reads, with the paths that it has in this folder.

    Raises:
        SettingsRefused: a variable has a value that is not accepted.
    """
    kinds = (MasterKeyVariables, MailVariables, BillingVariables, RetentionVariables, SigningVariables)
    return {name: value for kind in kinds for name, value in kind.read().environment().items()}


def _metrics(options: Options) -> MetricsAddress | None:
    port = options.metrics_port
    return None if port is None else MetricsAddress(options.metrics_host, port, "--metrics-port")


def _edge(options: Options, port: int, folder: DataFolder) -> EdgeSettings:
    interval = options.keepalive_seconds
    times = Times(
        stream_idle=options.stream_idle_seconds,
        keepalive_interval=interval,
        keepalive_timeout=min(Times().keepalive_timeout, interval),
    )
    return EdgeSettings(
        host=options.host,
        port=port,
        run_dir=folder.run_dir,
        access_log=folder.run_dir / "access.log",
        app=options.app,
        times=times,
        access_log_all=options.access_log == "all",
        json_logs=is_json(LogVariables.read().log_format, sys.stderr),
        bounds=bounds_of_this_machine(options.edge_buffer_kib),
        workers_nice=options.edge_nice,
        grpc_by_python=options.grpc_by == "python",
        trusted_proxies=options.trusted_proxies,
    )


def _application(options: Options, port: int, folder: DataFolder) -> EmbeddedSettings:
    return EmbeddedSettings(
        data_dir=folder.path,
        host=options.host,
        port=port,
        endpoint=options.endpoint or options.host,
        tls=options.tls_cert is not None,
        local=options.local,
        nodes=options.nodes,
        control_socket=folder.run_dir / "control.sock",
        generation=0,
    )
