"""What an idle subscription costs in memory."""

import time
from typing import Final

from bench.cpu import process_seconds, resident_bytes, tree
from bench.load.connections import Connections, nothing
from bench.load.reader import Reader, ReaderSpec
from bench.measurement import Measurement
from bench.scenarios.interface import VALUE, Against, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_CONNECTIONS: Final = 100
_STREAMS: Final = 100
_TOPIC: Final = "idle"
_SETTLE_SECONDS: Final = 6.0
"""Until each stream has had its first heartbeat after that of its opening, which comes sooner than later ones."""

_IDLE_SECONDS: Final = 10.0
"""As long as from one heartbeat to the next."""


def _run(running: Running | None, plan: Plan) -> Measurement:
    del plan
    system = served(running)
    pids = tree(system.pid)
    _touch(system)
    before = sum(map(resident_bytes, pids))
    started = time.monotonic()
    reader = Reader(ReaderSpec(system.dialect, (_TOPIC,), _CONNECTIONS, len(VALUE), _STREAMS))
    while not all(wire.session.ready for wire in reader.connections.wires):
        reader.connections.read(0.05, nothing)
    opening = time.monotonic() - started
    _keep(reader, _SETTLE_SECONDS)
    cpu = sum(map(process_seconds, pids))
    _keep(reader, _IDLE_SECONDS)
    cpu = sum(map(process_seconds, pids)) - cpu
    after = sum(map(resident_bytes, pids))
    assert not reader.connections.lost
    reader.connections.close()
    subscriptions = _CONNECTIONS * _STREAMS
    values = {
        "kilobytes": (after - before) / subscriptions / 1024,
        "subscriptions": float(subscriptions),
        "before": before / 2**20,
        "after": after / 2**20,
        "opened": subscriptions / opening,
        "idle_core": cpu / _IDLE_SECONDS * 100,
    }
    return Measurement("memory", system.name, values)


def _touch(system: Running) -> None:
    """Open and close one subscription, so that what is allocated once is not counted."""
    first = Connections(system.dialect, [system.dialect.subscribing((_TOPIC,))])
    while not first.wires[0].session.ready:
        first.read(0.05, nothing)
    first.close()


def _keep(reader: Reader, seconds: float) -> None:
    """Read heartbeats for a while."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        reader.connections.read(left, nothing)


SCENARIO: Final = Scenario(
    "memory",
    "Memory of an idle subscription",
    f"{_STREAMS} subscriptions on each of {_CONNECTIONS} connections. Resident memory of all the server's processes "
    f"{_SETTLE_SECONDS + _IDLE_SECONDS:.0f} seconds after the last subscription was confirmed, less that of before the "
    "first, divided by their number. Their heartbeats are part of the CPU share.",
    (
        Figure("kilobytes", "KiB each", 1),
        Figure("subscriptions", "subscriptions"),
        Figure("before", "MiB before"),
        Figure("after", "MiB after"),
        Figure("opened", "opened/s"),
        Figure("idle_core", "% of a core while idle", 1),
    ),
    _run,
    against=Against.TIDINGS,
    more_is_better=False,
)
