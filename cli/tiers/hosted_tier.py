"""Runs a tier behind Envoy, from its variables: the same supervisor and edge as `tidings up`."""

import asyncio
import sys
from contextlib import ExitStack

from cli.certificates import certificate
from cli.edge.settings import EdgeSettings
from cli.logs.start import is_json, log_to_standard_error
from cli.refusals import AddressUnavailable, told_in_a_sentence
from cli.settings import HostedSettings
from cli.supervisor.address import Claim, claim, join
from cli.supervisor.data_folder import DataFolder
from cli.supervisor.generation import Hosting, Patience, tier_at
from cli.supervisor.grpc_port import claim_grpc_port, line_of
from cli.supervisor.hosting import MetricsAddress, bounds_of_this_machine, host, look_for_the_edge
from cli.supervisor.supervisor import Supervisor
from cli.tracing.variables import TracingVariables
from cli.urls import own_url
from cli.variables.link import link_security
from cli.variables.tiers import AccountsVariables, RouterVariables, tell_of_misspelt_variables

AFTER_DRAIN_SECONDS = 10.0
"""From the end of the drain until the streams that do not end are cut."""


def run(variables_of: type[RouterVariables] | type[AccountsVariables], app: str) -> None:
    """Serve one tier until told to stop. `app` is the import name of its application."""
    with told_in_a_sentence(), ExitStack() as stack:
        tell_of_misspelt_variables()
        variables = variables_of.read()
        log_to_standard_error(variables, "warning")
        asyncio.run(_run(variables, app, stack))


async def _run(variables: RouterVariables | AccountsVariables, app: str, stack: ExitStack) -> None:
    look_for_the_edge()
    TracingVariables.read()  # what is wrong with it is said here, and not by an application that does not start
    pair = certificate(variables.tls_cert, variables.tls_key, ("TIDINGS_TLS_CERT", "TIDINGS_TLS_KEY"))
    shares_port = isinstance(variables, RouterVariables)
    grpc_by_python = isinstance(variables, RouterVariables) and variables.grpc_by == "python"
    grpc_port = None
    if isinstance(variables, RouterVariables) and variables.grpc_port is not None:
        grpc_port = await claim_grpc_port(
            variables.host, variables.grpc_port, "TIDINGS_GRPC_PORT", stack, shared=True, tls=pair is not None
        )
    if variables.link_ca_file is not None:
        link_security(variables)  # what is wrong with it is said here, and not by an application that does not start
    folder = DataFolder.hold(variables.data, f"tidings {'router' if shares_port else 'accounts'}")
    stack.callback(folder.release)
    port, held = await _claim(variables, tls=pair is not None)
    stack.enter_context(held)
    edge = EdgeSettings(
        host=variables.host,
        port=port,
        run_dir=folder.run_dir,
        access_log=folder.run_dir / "access.log",
        access_log_all=variables.access_log == "all",
        json_logs=is_json(variables.log_format, sys.stderr),
        app=app,
        certificate=pair,
        bounds=bounds_of_this_machine(variables.edge_buffer_kib),
        workers_nice=variables.edge_nice,
        grpc_by_python=grpc_by_python,
        grpc_port=grpc_port,
        trusted_proxies=variables.trusted_proxies,
    )
    settings = HostedSettings(
        host=variables.host, port=port, control_socket=folder.run_dir / "control.sock", generation=0
    )
    drain = variables.drain_seconds
    hosting = Hosting(
        edge=edge,
        app=settings,
        variables=variables.environment(),
        concurrency=variables.concurrency,
        patience=Patience(drain=drain, empty=drain + AFTER_DRAIN_SECONDS),
        shares_port=shares_port,
    )
    lines = [f"ready {own_url(variables.host, port, tls=pair is not None)}"]
    if grpc_port is not None:
        lines.append(line_of(variables.host, grpc_port))
    port = variables.metrics_port
    metrics = None if port is None else MetricsAddress(variables.metrics_host, port, "TIDINGS_METRICS_PORT")
    await host(Supervisor(hosting), edge.access_log, lines, metrics)


async def _claim(variables: RouterVariables | AccountsVariables, *, tls: bool) -> Claim:
    """Claim the port: the account service alone, a router beside other routers."""
    if isinstance(variables, AccountsVariables):
        return claim(variables.host, variables.port, "TIDINGS_PORT")
    claimed = join(variables.host, variables.port, "TIDINGS_PORT")
    if await tier_at(variables.host, claimed.port, tls=tls) in (None, "router"):
        return claimed
    claimed.socket.close()
    raise AddressUnavailable(
        f"port {claimed.port} on {variables.host} is in use by a service that is no router: "
        "stop it, or choose another with TIDINGS_PORT"
    )
