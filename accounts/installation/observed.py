"""What an account service sees of the installation: processes, storage nodes, traffic, and what moved lately."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backplane.interface import Node, NodeMap, Process, Quotas, Registry, Use

MOST_MOVES = 20
_CACHE = "cache_"
"""What ids of caches begin with: what is told of one of them is told of its account as well."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of the map: when this service saw it (epoch seconds), what it was, and which version it made.

    Attributes:
        share: Of all topics, what changed its owner by it: as much as the node has of the weights.
    """

    at: float
    version: int
    node: str
    what: str
    share: float


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the installation.

    Attributes:
        now: Epoch seconds, by the clock that all tiers share.
        lease_seconds: How long a storage node stays in the map after it was heard of last; infinite in one process.
        traffic: Of all accounts together.
        moves: The newest first.
    """

    now: float
    processes: Sequence[Process]
    map: NodeMap
    lease_seconds: float
    traffic: Use
    moves: Sequence[Move]


class Observed:
    """Watches the map from the beginning, and asks for the rest."""

    def __init__(self, registry: Registry, quotas: Quotas) -> None:
        self._registry = registry
        self._quotas = quotas
        self._known: Mapping[str, Node] = registry.map().nodes
        self._moves = deque[Move](maxlen=MOST_MOVES)
        registry.watch_map(self._changed)

    async def look(self) -> Sight:
        """Return what is to be seen now.

        Raises:
            Unavailable: the backplane cannot be reached.
        """
        nodes, processes = await self._registry.refresh(), await self._registry.processes()
        uses = await self._quotas.uses()
        now = self._registry.epoch_ms() / 1000
        moves = list(reversed(self._moves))
        return Sight(now, processes, nodes, self._registry.lease_seconds, _together(uses), moves)

    def _changed(self, changed: NodeMap) -> None:
        before, self._known = self._known, changed.nodes
        if not before:  # who is there when one begins to look has not moved
            return
        for node, what, among in moves_between(before, changed.nodes):
            self._moves.append(Move(time.time(), changed.version, node, what, _share(node, among)))


def moves_between(
    before: Mapping[str, Node], after: Mapping[str, Node]
) -> Sequence[tuple[str, str, Mapping[str, Node]]]:
    """Return which nodes joined, drain, went or came back, each with the nodes of which it has its share."""
    found: list[tuple[str, str, Mapping[str, Node]]] = []
    for id in sorted({*before, *after}):
        old, new = before.get(id), after.get(id)
        if new is None:
            found.append((id, "left", before))
        elif old is None or old.boot != new.boot:
            found.append((id, "joined" if old is None else "started anew", after))
        elif old.state != new.state:
            found.append((id, "drains" if new.state == "draining" else "is live again", {**after, id: old}))
        elif old.weight != new.weight:
            found.append((id, "weighs another", after))
    return found


def _share(id: str, nodes: Mapping[str, Node]) -> float:
    live = {node.id: node.weight for node in nodes.values() if node.state == "live"}
    return live.get(id, 0.0) / sum(live.values()) if live else 0.0


def _together(uses: Mapping[str, Use]) -> Use:
    accounts = [use for id, use in uses.items() if not id.startswith(_CACHE)]
    return Use(
        sum(use.publishes for use in accounts),
        sum(use.publish_bytes for use in accounts),
        sum(use.subscriptions for use in accounts),
    )
