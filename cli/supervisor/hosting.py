"""Runs a supervisor for a command: what is the same for all that Envoy hosts."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from cli.edge.process import binary, environment
from cli.edge.settings import KIB, Bounds
from cli.memory import memory_bytes
from cli.supervisor.log_rotation import keep_bounded
from cli.supervisor.supervisor import Supervisor
from cli.urls import in_url


class MetricsAddress(NamedTuple):
    """Where `/metrics` is served; `setting` is what chooses it, for whoever must choose another one."""

    host: str
    port: int
    setting: str


def look_for_the_edge() -> None:
    """See that Envoy can be started.

    Raises:
        EdgeMissing: It is not installed, or Python's library is not.
    """
    binary()
    environment({})


def bounds_of_this_machine(edge_buffer_kib: int) -> Bounds:
    """Return Envoy's bounds; `edge_buffer_kib` is the buffer of a connection."""
    return Bounds(heap_bytes=heap_of(memory_bytes()), connection_buffer_bytes=edge_buffer_kib * KIB)


def heap_of(memory: int) -> int:
    """Return how many bytes Envoy's heap may take where there are so many, near which it begins to refuse requests.

    Half of them, or what it may take by itself where that is more, and never what Python needs beside it: to be killed
    for want of memory costs all tenants their streams, where a refusal costs one request.
    """
    return min(max(Bounds().heap_bytes, memory // 2), memory * 2 // 3)


async def host(supervisor: Supervisor, access_log: Path, lines: Sequence[str], metrics: MetricsAddress | None) -> None:
    """Serve until told to stop, and print `lines` once everything is ready; `/metrics` is served at `metrics`.

    Raises:
        AddressUnavailable: `metrics` cannot be listened on.
        StartFailed: The application does not start.
    """
    async with contextlib.AsyncExitStack() as stack:
        if metrics is not None:
            lines = [*lines, _side_port(supervisor, metrics, stack)]
        rotation = asyncio.create_task(keep_bounded(access_log, supervisor.reopen_logs))
        stack.callback(rotation.cancel)
        await supervisor.run(lambda: click.echo("\n".join(lines)))


def _side_port(supervisor: Supervisor, metrics: MetricsAddress, stack: contextlib.AsyncExitStack) -> str:
    """Serve `/metrics` as long as the stack is open, and return the line that tells where."""
    from cli.metrics.answer import METRICS  # noqa: PLC0415
    from cli.metrics.port import MetricsPage  # noqa: PLC0415  a server of HTTP, which most starts need not wait for
    from cli.side_port import SidePort  # noqa: PLC0415

    side = SidePort(MetricsPage(supervisor))
    port = side.start(metrics.host, metrics.port, metrics.setting)
    stack.push_async_callback(side.close)
    return f"metrics http://{in_url(metrics.host)}:{port}{METRICS}"
