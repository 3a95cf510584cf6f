"""What goes over the REST API about the running installation."""

from typing import Literal

from pydantic import Field

from accounts.rest.schemas import Output
from backplane.interface import Node, NodeMap, Process, Tier


class ProcessInfo(Output):
    id: str
    tier: Tier
    address: str
    version: str
    started_at_epoch_seconds: int
    clock_ahead_seconds: float = Field(description="How far its clock is ahead of that of the store.")

    @classmethod
    def of(cls, process: Process) -> "ProcessInfo":
        return cls(
            id=process.id,
            tier=process.tier,
            address=process.address,
            version=process.version,
            started_at_epoch_seconds=int(process.started_at),
            clock_ahead_seconds=round(process.clock - process.said_at, 3),
        )


class Processes(Output):
    processes: list[ProcessInfo]


class NodeInfo(Output):
    id: str
    address: str = Field(description="Empty for a node in the process of the routers.")
    weight: float = Field(description="Its share of the topics, relative to the other nodes.")
    state: Literal["live", "draining"]
    boot: str = Field(description="Another one for each process of this id.")

    @classmethod
    def of(cls, node: Node) -> "NodeInfo":
        return cls(id=node.id, address=node.address, weight=node.weight, state=node.state, boot=node.boot)


class MapInfo(Output):
    version: int = Field(description="Grows with each change of the map.")
    lease_seconds: float | None = Field(description="How long a node stays in it after it was heard of last.")
    nodes: list[NodeInfo]

    @classmethod
    def of(cls, nodes: NodeMap, lease_seconds: float) -> "MapInfo":
        known = [NodeInfo.of(node) for _, node in sorted(nodes.nodes.items())]
        lease = None if lease_seconds == float("inf") else lease_seconds
        return cls(version=nodes.version, lease_seconds=lease, nodes=known)
