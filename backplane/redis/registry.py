"""Which storage nodes are alive, by leases that end by the store's own clock.

After the store was away nobody's lease ends, and no new map is shown, until every node had a lease's time to renew: a
store that comes up empty would else move every topic to the node that happens to register first.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from backplane.interface import Node, NodeIdTaken, NodeMap, Process, Unwatch
from backplane.redis.follower import Follower
from backplane.redis.news import News
from backplane.redis.scripts import Script, load
from backplane.redis.store import Answer, Store
from backplane.watchers import Watchers

LEASE_SECONDS = 2.0
POLL_SECONDS = 0.25
ANNOUNCED_SECONDS = 5.0

_PROCESS = {field.name for field in fields(Process)}

_BEAT = load("epoch", "lease", "beat")
_LEAVE = load("epoch", "lease", "leave")
_REFRESH = load("epoch", "lease", "refresh")
_ANNOUNCE = load("epoch", "announce")


class RedisRegistry:
    """Storage nodes with leases in the store, and the newest map of them that was read."""

    def __init__(self, store: Store, news: News, lease_seconds: float = LEASE_SECONDS) -> None:
        self.lease_seconds = lease_seconds
        self._store = store
        self._channel = news.channel
        self._keys = store.keys("map", "nodes", "leases")
        self._map = NodeMap()
        self._epoch = ""
        self._heard_ms: int | None = None
        """What the store's clock is ahead of this process' monotonic one."""
        self._watchers = Watchers[NodeMap]()
        self._follower = Follower(self.refresh, news.events["map"], POLL_SECONDS)

    def epoch_ms(self) -> int:
        if self._heard_ms is None:
            return time.time_ns() // 1_000_000
        return self._heard_ms + time.monotonic_ns() // 1_000_000

    async def start(self) -> None:
        await self._follower.start()

    async def close(self) -> None:
        await self._follower.close()

    async def beat(self, node: Node) -> None:
        answer = await self._call(_BEAT, node.id, node.address, node.boot, _encoded(node))
        if isinstance(answer, bytes):
            raise NodeIdTaken(f"node id '{node.id}' is held by a process at {answer.decode()}")
        self._take(answer)

    async def leave(self, node_id: str) -> None:
        self._take(await self._call(_LEAVE, node_id))

    def map(self) -> NodeMap:
        return self._map

    async def refresh(self) -> NodeMap:
        self._take(await self._call(_REFRESH))
        return self._map

    def watch_map(self, changed: Callable[[NodeMap], None]) -> Unwatch:
        return self._watchers.add(changed)

    async def announce(self, process: Process) -> None:
        body = json.dumps(asdict(process))
        await self._announced(f"{process.tier}:{process.id}", body)

    async def processes(self) -> Sequence[Process]:
        found = [_process(line) for line in await self._announced()]
        return sorted(found, key=lambda process: (process.tier, process.id))

    async def _call(self, script: Script, *arguments: str) -> Answer:
        lease_ms = str(round(self.lease_seconds * 1000))
        known = (str(self._map.version), self._epoch)
        return await self._store.call(script, self._keys, lease_ms, self._channel, *known, *arguments)

    async def _announced(self, *process: str) -> list[bytes]:
        forgotten_ms = str(round(ANNOUNCED_SECONDS * 1000))
        return await self._store.call(_ANNOUNCE, self._store.keys("processes"), forgotten_ms, *process)

    def _take(self, answer: list[Any]) -> None:
        settled, epoch, version, nodes = bool(answer[0]), answer[1].decode(), int(answer[2]), answer[3]
        self._heard_ms = int(answer[4]) - time.monotonic_ns() // 1_000_000
        if not settled:
            return
        self._epoch = epoch
        if version <= self._map.version or nodes is None:  # an answer that was overtaken by another
            return
        pairs = zip(nodes[::2], nodes[1::2], strict=True)
        self._map = NodeMap(version, {node.id: node for node in (_decoded(id.decode(), body) for id, body in pairs)})
        self._watchers.tell(self._map)


def _encoded(node: Node) -> str:
    said = asdict(node)
    del said["id"]
    return json.dumps(said)


def _decoded(id: str, body: bytes) -> Node:
    said: dict[str, Any] = json.loads(body)
    return Node(id, said["address"], said["weight"], said["state"], said["boot"], said.get("frames", False))


def _process(line: bytes) -> Process:
    said_at, _, body = line.partition(b" ")
    known = {name: value for name, value in json.loads(body).items() if name in _PROCESS}
    return replace(Process(**known), said_at=int(said_at) / 1000)
