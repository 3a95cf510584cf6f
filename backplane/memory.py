"""The backplane inside one process. Writers and readers share the same objects, so a change is seen at once."""

import time
from collections.abc import Callable, Mapping
from typing import Generic, ParamSpec

from api.account import AccountSnapshot
from backplane.interface import Node, NodeMap, Unwatch

LEASE_SECONDS = 3.0

P = ParamSpec("P")


class _Watchers(Generic[P]):
    """Callbacks, called in the order in which they came."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[P, None]] = {}

    def add(self, callback: Callable[P, None]) -> Unwatch:
        key = object()
        self._callbacks[key] = callback
        return lambda: self._callbacks.pop(key, None) and None

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for callback in list(self._callbacks.values()):
            callback(*args, **kwargs)


class MemoryDirectory:
    """Accounts and signing keys, in dictionaries."""

    def __init__(self) -> None:
        self._accounts: dict[str, AccountSnapshot] = {}
        self._keys: Mapping[str, bytes] = {}
        self._account_watchers = _Watchers[str, AccountSnapshot | None]()
        self._key_watchers = _Watchers[Mapping[str, bytes]]()

    async def put_account(self, snapshot: AccountSnapshot) -> None:
        known = self._accounts.get(snapshot.id)
        if known is not None and known.version >= snapshot.version:
            return
        self._accounts[snapshot.id] = snapshot
        self._account_watchers.tell(snapshot.id, snapshot)

    async def remove_account(self, account_id: str) -> None:
        if self._accounts.pop(account_id, None) is not None:
            self._account_watchers.tell(account_id, None)

    def account(self, account_id: str) -> AccountSnapshot | None:
        return self._accounts.get(account_id)

    def watch_accounts(self, changed: Callable[[str, AccountSnapshot | None], None]) -> Unwatch:
        return self._account_watchers.add(changed)

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        self._keys = dict(public_keys)
        self._key_watchers.tell(self._keys)

    def keys(self) -> Mapping[str, bytes]:
        return self._keys

    def watch_keys(self, changed: Callable[[Mapping[str, bytes]], None]) -> Unwatch:
        return self._key_watchers.add(changed)


class MemoryRegistry:
    """Storage nodes with leases on a monotonic clock."""

    def __init__(self, now: Callable[[], float] = time.monotonic, lease_seconds: float = LEASE_SECONDS) -> None:
        self._now = now
        self._lease_seconds = lease_seconds
        self._ends: dict[str, float] = {}
        self._map = NodeMap()
        self._watchers = _Watchers[NodeMap]()

    async def beat(self, node: Node) -> None:
        self._ends[node.id] = self._now() + self._lease_seconds
        nodes = dict(self._alive())
        nodes[node.id] = node
        self._change(nodes)

    async def leave(self, node_id: str) -> None:
        self._ends.pop(node_id, None)
        self._change(dict(self._alive()))

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
