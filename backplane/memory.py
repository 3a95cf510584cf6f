"""The backplane inside one process. Writers and readers share the same objects, so a change is seen at once."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from api.account import AccountSnapshot
from backplane.interface import Delivered, KeyUse, Node, NodeIdTaken, NodeMap, Process, Unwatch, UsageBatch
from backplane.watchers import Watchers

LEASE_SECONDS = 2.0
ANNOUNCED_SECONDS = 5.0
ABANDONED_SECONDS = 30.0
MOST_KEYS = 100_000


class MemoryDirectory:
    """Accounts and signing keys, in dictionaries."""

    def __init__(self) -> None:
        self._accounts: dict[str, AccountSnapshot] = {}
        self._removed: set[str] = set()
        self._filled = False
        self._keys: Mapping[str, bytes] = {}
        self._account_watchers = Watchers[str, AccountSnapshot | None]()
        self._key_watchers = Watchers[Mapping[str, bytes]]()

    async def put_account(self, snapshot: AccountSnapshot) -> None:
        known = self._accounts.get(snapshot.id)
        if snapshot.id in self._removed or (known is not None and known.version >= snapshot.version):
            return
        self._accounts[snapshot.id] = snapshot
        self._account_watchers.tell(snapshot.id, snapshot)

    async def remove_account(self, account_id: str) -> None:
        self._removed.add(account_id)
        if self._accounts.pop(account_id, None) is not None:
            self._account_watchers.tell(account_id, None)

    async def account(self, account_id: str) -> AccountSnapshot | None:
        return self._accounts.get(account_id)

    async def renew(self, account_id: str) -> None:
        """Nothing is on its way: writers and readers share it."""

    async def versions(self) -> Mapping[str, int]:
        return {id: snapshot.version for id, snapshot in self._accounts.items()}

    def watch_accounts(self, changed: Callable[[str, AccountSnapshot | None], None]) -> Unwatch:
        return self._account_watchers.add(changed)

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        self._keys = dict(public_keys)
        self._key_watchers.tell(self._keys)

    def keys(self) -> Mapping[str, bytes]:
        return self._keys

    def watch_keys(self, changed: Callable[[Mapping[str, bytes]], None]) -> Unwatch:
        return self._key_watchers.add(changed)

    async def is_filled(self) -> bool:
        return self._filled

    async def mark_filled(self) -> None:
        self._filled = True


class MemoryRegistry:
    """Storage nodes with leases on a monotonic clock."""

    def __init__(self, now: Callable[[], float] = time.monotonic, lease_seconds: float = LEASE_SECONDS) -> None:
        self._now = now
        self._processes: dict[tuple[str, str], tuple[float, Process]] = {}
        self.lease_seconds = lease_seconds
        self._ends: dict[str, float] = {}
        self._map = NodeMap()
        self._watchers = Watchers[NodeMap]()

    def epoch_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def beat(self, node: Node) -> None:
        nodes = dict(self._alive())
        known = nodes.get(node.id, node)
        if known.boot != node.boot and known.address != node.address:
            raise NodeIdTaken(f"node id '{node.id}' is held by a process at {known.address}")
        self._ends[node.id] = self._now() + self.lease_seconds
        nodes[node.id] = node
        self._change(nodes)

    async def leave(self, node_id: str) -> None:
        self._ends.pop(node_id, None)
        self._change(dict(self._alive()))

    async def refresh(self) -> NodeMap:
        return self.map()

    async def announce(self, process: Process) -> None:
        self._processes[process.tier, process.id] = (self._now(), replace(process, said_at=time.time()))

    async def processes(self) -> Sequence[Process]:
        oldest = self._now() - ANNOUNCED_SECONDS
        return [process for _, (heard, process) in sorted(self._processes.items()) if heard >= oldest]

    def map(self) -> NodeMap:
        self._change(dict(self._alive()))
        return self._map

    def watch_map(self, changed: Callable[[NodeMap], None]) -> Unwatch:
        return self._watchers.add(changed)

    def _alive(self) -> Mapping[str, Node]:
        now = self._now()
        return {id: node for id, node in self._map.nodes.items() if self._ends.get(id, now) > now}

    def _change(self, nodes: dict[str, Node]) -> None:
        if nodes == self._map.nodes:
            return
        self._map = NodeMap(self._map.version + 1, nodes)
        self._watchers.tell(self._map)


class MemoryUsage:
    """Batches in the order in which they came."""

    def __init__(self, now: Callable[[], float] = time.monotonic, abandoned_seconds: float = ABANDONED_SECONDS) -> None:
        """After `abandoned_seconds` a batch that was delivered and not acknowledged is delivered again."""
        self._now = now
        self._abandoned_seconds = abandoned_seconds
        self._tokens = itertools.count(1)
        self._waiting: dict[str, UsageBatch] = {}
        self._held: dict[str, tuple[float, str]] = {}
        self._applied: dict[str, int] = {}
        self._added = asyncio.Event()

    async def append(self, batches: Sequence[UsageBatch]) -> None:
        for batch in batches:
            self._waiting[str(next(self._tokens))] = batch
        self._added.set()

    async def read(self, consumer: str, count: int, wait_seconds: float) -> Sequence[Delivered]:
        found = self._take(consumer, count)
        if found or wait_seconds <= 0:
            return found
        self._added.clear()
        try:
            async with asyncio.timeout(wait_seconds):
                await self._added.wait()
        except TimeoutError:
            return []
        return self._take(consumer, count)

    async def acknowledge(self, tokens: Sequence[str]) -> None:
        for token in tokens:
            self._waiting.pop(token, None)
            self._held.pop(token, None)

    async def mark(self, applied: Mapping[str, int]) -> None:
        for boot, number in applied.items():
            self._applied[boot] = max(number, self._applied.get(boot, 0))

    async def applied(self, boots: Sequence[str]) -> Mapping[str, int]:
        return {boot: self._applied[boot] for boot in boots if boot in self._applied}

    async def epoch(self) -> str:
        return "memory"

    def _take(self, consumer: str, count: int) -> list[Delivered]:
        now = self._now()
        free = [token for token in self._waiting if self._held.get(token, (0.0, ""))[0] <= now][:count]
        for token in free:
            self._held[token] = (now + self._abandoned_seconds, consumer)
        return [Delivered(token, self._waiting[token]) for token in free]


class MemoryKeyUses:
    """The newest use of each key."""

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        self._uses: dict[tuple[str, str], KeyUse] = {}
        self._most_keys = most_keys

    async def report(self, uses: Sequence[KeyUse]) -> None:
        for use in uses:
            name = (use.account_id, use.key_id)
            known = self._uses.get(name)
            if known.at <= use.at if known else len(self._uses) < self._most_keys:
                self._uses[name] = use

    async def take(self, most: int) -> Sequence[KeyUse]:
        return [self._uses.pop(name) for name in list(self._uses)[:most]]
